import type { Document } from '../store/match';
import type { Snapshot } from '../store/replica-set';
import type { Violation } from '../world/world';
import type { SeatState, SlotState } from './slot-rules';

/** A booking as it lies in a slot document. */
export interface StoredBooking {
  readonly bookingId: string;
  readonly patientId: string;
  readonly type: string;
  readonly tier: string;
  readonly status: string;
  readonly tokenNumber: number;
  readonly bookedAt: Date;
  readonly bookedBy: { readonly userId: string };
  readonly idempotencyKey?: string;
}

/** A slot document, by the fields that are checked. */
export interface StoredSlot {
  readonly _id: string;
  readonly doctorDay: string;
  readonly startsAt: Date;
  readonly endsAt: Date;
  readonly status: string;
  readonly capacity: { base: number; premiumBuffer: number; emergencyBuffer: number };
  readonly isDelayed: boolean;
  readonly delayMinutes: number;
  readonly bookedCount: number;
  readonly lastTokenNumber: number;
  readonly version: number;
  readonly activePatients: readonly string[];
  readonly idempotencyKeys: readonly string[];
  readonly bookings: readonly StoredBooking[];
}

export function slotsOf(snapshot: Snapshot): StoredSlot[] {
  return Object.values(snapshot) as unknown as StoredSlot[];
}

const HOLDING = ['BOOKED', 'CHECKED_IN', 'IN_CONSULTATION', 'COMPLETED'];
const ACTIVE = ['BOOKED', 'CHECKED_IN', 'IN_CONSULTATION'];

export function isActive({ status }: StoredBooking): boolean {
  return ACTIVE.includes(status);
}

/** The slot as the sequential rules know it. */
export function slotStateOf(slot: StoredSlot): SlotState {
  return {
    isOpen: slot.status === 'OPEN',
    ...slot.capacity,
    isDelayed: slot.isDelayed,
    delayMinutes: slot.delayMinutes,
    seats: slot.bookings.map(seatOf),
  };
}

export function seatOf({
  bookingId,
  patientId,
  type,
  tokenNumber,
  status,
}: StoredBooking): SeatState {
  return { bookingId, patientId, type, token: tokenNumber, status };
}

/** Every broken rule of the documents themselves: in each state that ever was, and from one to the next. */
export class StateAudit {
  readonly #seen = new Set<Document>();
  readonly #report: (violation: Violation) => void;

  constructor(report: (violation: Violation) => void) {
    this.#report = report;
  }

  /** One state: each slot for itself, and claims over all of them. */
  state(snapshot: Snapshot): void {
    const documents = Object.values(snapshot);
    if (documents.every((document) => this.#seen.has(document))) return;
    for (const document of documents) {
      if (this.#seen.has(document)) continue;
      this.#seen.add(document);
      this.#slot(document as unknown as StoredSlot);
    }
    this.#across(slotsOf(snapshot));
  }

  /** What may happen from one committed state to the next. */
  step(before: Snapshot, after: Snapshot): void {
    for (const next of slotsOf(after)) {
      const old = before[next._id] as unknown as StoredSlot | undefined;
      if (!old || old === next) continue;
      this.#check(next._id, {
        VERSION_FELL: next.version >= old.version,
        TOKEN_FELL: next.lastTokenNumber >= old.lastTokenNumber,
        BOOKING_LOST: old.bookings.every(({ bookingId }, index) => {
          const still = next.bookings[index];
          return still?.bookingId === bookingId;
        }),
        // Whatever can make an admission wrong raises the version, and nothing else does.
        VERSION_NOT_RAISED: !weighs(old, next) || next.version === old.version + 1,
      });
    }
  }

  #slot(slot: StoredSlot): void {
    const { bookings, capacity, lastTokenNumber } = slot;
    const held = bookings.filter(({ status }) => HOLDING.includes(status)).length;
    const active = bookings.filter(isActive).map(({ patientId }) => patientId);
    const tokens = bookings.map(({ tokenNumber }) => tokenNumber);
    const keys = bookings.flatMap(({ idempotencyKey }) => idempotencyKey ?? []);
    this.#check(slot._id, {
      BOOKED_COUNT: slot.bookedCount === held,
      OVERBOOKED: held <= capacity.base + capacity.premiumBuffer + capacity.emergencyBuffer,
      TOKEN: tokens.every((token, index) => token === index + 1),
      LAST_TOKEN: lastTokenNumber === tokens.length,
      ACTIVE_PATIENTS: sameMembers(slot.activePatients, active),
      KEYS: sameMembers(slot.idempotencyKeys, keys),
      BOOKED_AFTER_END: bookings.every(
        ({ type, bookedAt }) => bookedAt < (type === 'ONLINE' ? slot.startsAt : slot.endsAt),
      ),
    });
  }

  #across(slots: readonly StoredSlot[]): void {
    const claims = slots.flatMap(({ doctorDay, bookings }) =>
      bookings.filter(isActive).map(({ patientId }) => `${doctorDay} ${patientId}`),
    );
    const keys = slots.flatMap(({ idempotencyKeys }) => idempotencyKeys);
    const ids = slots.flatMap(({ bookings }) => bookings.map(({ bookingId }) => bookingId));
    this.#check('all slots', {
      ONE_ACTIVE_BOOKING: isUnique(claims),
      KEY_OF_TWO: isUnique(keys),
      BOOKING_ID_OF_TWO: isUnique(ids),
    });
  }

  #check(where: string, rules: Readonly<Record<string, boolean>>): void {
    for (const [rule, isKept] of Object.entries(rules))
      if (!isKept) this.#report({ rule, detail: where });
  }
}

function weighs(old: StoredSlot, next: StoredSlot): boolean {
  return (
    old.lastTokenNumber !== next.lastTokenNumber ||
    next.bookedCount > old.bookedCount ||
    old.status !== next.status ||
    old.isDelayed !== next.isDelayed ||
    old.delayMinutes !== next.delayMinutes ||
    old.capacity !== next.capacity
  );
}

function sameMembers(some: readonly string[], others: readonly string[]): boolean {
  if (some.length !== others.length) return false;
  const sorted = [...others].sort();
  return [...some].sort().every((each, index) => each === sorted[index]);
}

function isUnique(values: readonly string[]): boolean {
  return new Set(values).size === values.length;
}
