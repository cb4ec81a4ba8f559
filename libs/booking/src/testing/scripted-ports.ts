import type { LockAttempt, SlotLock, SlotLocks } from '@opd/locking';
import type { Clock } from '../clock';
import type { RoundObserver } from '../rounds/round';
import {
  RoundView,
  type RoundQuery,
  type RoundStore,
  type SlotWrite,
  type WriteReceipt,
} from '../rounds/round-store';
import { asRead } from './records';
import type { SlotDocument } from '../store/slot-document';

/** How long a scripted lock is held, in milliseconds. */
export const LOCK_LIFE_MS = 2_000;

/** Locks that do what a spec says, slot by slot; by default each try is granted. */
export class ScriptedLocks implements SlotLocks {
  /** Slots tried, in order, and slots given back, in order. */
  readonly tried: string[] = [];
  readonly released: string[] = [];
  /** What the next tries for a slot get; the last entry stays. */
  readonly script = new Map<string, ('HELD' | 'BUSY' | 'UNAVAILABLE' | 'SHORT')[]>();
  readonly #clock: Clock;
  /** When set, every try waits for it. */
  gate: Promise<void> | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  async tryAcquire(slotId: string): Promise<LockAttempt> {
    this.tried.push(slotId);
    await this.gate;
    const lines = this.script.get(slotId) ?? ['HELD' as const];
    const line = lines.length > 1 ? lines.shift() : lines[0];
    if (line === 'BUSY') return { outcome: 'BUSY' };
    if (line === 'UNAVAILABLE') return { outcome: 'UNAVAILABLE', reason: 'scripted' };
    return { outcome: 'HELD', lock: this.#lock(slotId, line === 'SHORT' ? 499 : LOCK_LIFE_MS) };
  }

  #lock(slotId: string, lifeMs: number): SlotLock {
    const untilMs = this.#clock.monotonicMs() + lifeMs;
    return {
      slotId,
      remainingMs: () => untilMs - this.#clock.monotonicMs(),
      release: () => {
        this.released.push(slotId);
        return Promise.resolve();
      },
    };
  }
}

/** Locks that always say yes: what a lock service that lost its mind would do. */
export const grantingLocks: SlotLocks = {
  tryAcquire: (slotId) =>
    Promise.resolve({
      outcome: 'HELD',
      lock: { slotId, remainingMs: () => 60_000, release: () => Promise.resolve() },
    }),
};

/** A step of a script that a spec lets go when it wants to. */
export class Gate {
  readonly opened: Promise<void>;
  open!: () => void;

  constructor() {
    this.opened = new Promise((resolve) => (this.open = resolve));
  }
}

/** What a scripted store does with one bulk of writes. */
export type WriteLine = (writes: readonly SlotWrite[]) => WriteReceipt | Promise<WriteReceipt>;

/**
 * A round's store in memory that keeps the same guards as the real one, and whose answers follow a
 * script: for the orders of events that no real server can be brought to reliably.
 */
export class ScriptedStore implements RoundStore {
  readonly slots = new Map<string, SlotDocument>();
  readonly queries: RoundQuery[] = [];
  readonly bulks: (readonly SlotWrite[])[] = [];
  /** What the next reads and writes do; when empty they work. */
  readonly reads: (() => void | Promise<void>)[] = [];
  readonly writes: WriteLine[] = [];

  constructor(slots: readonly SlotDocument[]) {
    for (const slot of slots) this.slots.set(slot._id, slot);
  }

  slot(slotId: string): SlotDocument {
    const slot = this.slots.get(slotId);
    if (!slot) throw new Error(`The script has no slot ${slotId}`);
    return slot;
  }

  async readRound(query: RoundQuery): Promise<RoundView> {
    this.queries.push(query);
    await this.reads.shift()?.();
    const isOfInterest = (slot: SlotDocument) =>
      query.slotIds.includes(slot._id) ||
      (slot.date >= query.fromDay &&
        slot.activePatients.some((patientId) => query.patientIds.includes(patientId))) ||
      slot.idempotencyKeys.some((key) => query.idempotencyKeys.includes(key));
    return new RoundView([...this.slots.values()].filter(isOfInterest).map(asRead));
  }

  async writeRound(writes: readonly SlotWrite[]): Promise<WriteReceipt> {
    this.bulks.push(writes);
    const line = this.writes.shift();
    return line ? line(writes) : this.applyAll(writes);
  }

  /** Applies a bulk as MongoDB would. */
  applyAll(writes: readonly SlotWrite[]): WriteReceipt {
    const matched = writes.filter((write) => this.apply(write)).length;
    return matched === writes.length
      ? { outcome: 'ACKNOWLEDGED' }
      : { outcome: 'UNCLEAR', refused: new Map(), cause: 'A guard did not match' };
  }

  /** Applies one write if its guard matches; a write that got lost may be applied later. */
  apply({ slotId, version, bookings, reinstatements }: SlotWrite): boolean {
    const slot = this.slot(slotId);
    if (slot.version !== version) return false;
    slot.version += 1;
    slot.bookedCount += bookings.length + reinstatements.length;
    slot.lastTokenNumber += bookings.length;
    slot.bookings = [...slot.bookings, ...bookings].map((booking) => {
      const back = reinstatements.find(({ bookingId }) => bookingId === booking.bookingId);
      return back ? { ...booking, status: 'BOOKED', reinstateId: back.reinstateId } : booking;
    });
    for (const { patientId } of [...bookings, ...reinstatements])
      slot.activePatients.push(patientId);
    slot.idempotencyKeys.push(...bookings.flatMap(({ idempotencyKey }) => idempotencyKey ?? []));
    return true;
  }
}

/** Remembers what the rounds report. */
export class NotingObserver implements RoundObserver {
  readonly rounds: { slots: number; requests: number }[] = [];
  readonly broken: { slotId: string; error: unknown }[] = [];
  readonly unclear: { slots: number; cause: unknown }[] = [];

  roundEnded({ slots, requests }: { slots: number; requests: number }): void {
    this.rounds.push({ slots, requests });
  }

  slotBroke(slotId: string, error: unknown): void {
    this.broken.push({ slotId, error });
  }

  writeUnclear(slots: number, cause: unknown): void {
    this.unclear.push({ slots, cause });
  }
}

/** An unclear receipt: nothing known of any slot but the named refusals. */
export function unclearReceipt(
  refused: Record<string, 'CLAIMED' | 'INVALID' | 'NOT_SENT'> = {},
): WriteReceipt {
  return { outcome: 'UNCLEAR', refused: new Map(Object.entries(refused)), cause: 'scripted' };
}
