import { totalSeats, type Capacity, type SlotStatus } from '@opd/capacity-core';
import type { mongo } from 'mongoose';
import type { Clock } from '../clock';
import { WRITE_CONCERN } from './mongo-round-store';
import type { SlotDocument, SlotHead } from './slot-document';
import { HEAD_PROJECTION, type SlotReads } from './slot-reads';
import { OVERTAKEN, untilSettled, writing, type Overtaken } from './store-faults';

/** What an administrator changes in a slot. What is absent stays as it is. */
export interface SlotChange {
  readonly status?: SlotStatus | undefined;
  readonly capacity?: Capacity | undefined;
  readonly delay?: { readonly isDelayed: boolean; readonly delayMinutes: number } | undefined;
}

/** What became of a change. One that changes nothing is DONE, and raises no version. */
export type ChangeOutcome =
  | { readonly outcome: 'DONE'; readonly slot: SlotHead }
  | { readonly outcome: 'NOT_FOUND' }
  /** More are booked than the new capacity holds (seed rule 8). */
  | { readonly outcome: 'CAPACITY_IN_USE'; readonly bookedCount: number; readonly seats: number };

/** Changes of a slot that can make an admission wrong: each is guarded by the version it read. */
export class SlotChanges {
  readonly #slots: mongo.Collection<SlotDocument>;
  readonly #reads: SlotReads;
  readonly #clock: Clock;

  constructor(slots: mongo.Collection<SlotDocument>, reads: SlotReads, clock: Clock) {
    this.#slots = slots;
    this.#reads = reads;
    this.#clock = clock;
  }

  /**
   * Applies a change. Needs no lock: a round that decided on the slot as it was before finds its
   * own guard broken and decides anew.
   * @throws StoreUnavailableError, OutcomeUnknownError; repeating the change is safe.
   */
  apply(slotId: string, change: SlotChange): Promise<ChangeOutcome> {
    const sent: SentChange = {};
    return untilSettled(this.#clock, () => this.#tryOnce(slotId, change, sent));
  }

  /** Reads, then updates under the version that was read; undefined if that was raised meanwhile. */
  async #tryOnce(
    slotId: string,
    change: SlotChange,
    sent: SentChange,
  ): Promise<ChangeOutcome | Overtaken | undefined> {
    const slot = await this.#reads.slot(slotId);
    if (!slot) return { outcome: 'NOT_FOUND' };
    const set = differencesOf(slot, change);
    if (Object.keys(set).length === 0) return { outcome: 'DONE', slot };
    // An update that got lost may be among what raised the version: sent again, it would count twice.
    if (sent.guard !== undefined && sent.guard !== slot.version) return OVERTAKEN;
    const seats = totalSeats(change.capacity ?? slot.capacity);
    if (slot.bookedCount > seats)
      return { outcome: 'CAPACITY_IN_USE', bookedCount: slot.bookedCount, seats };
    sent.guard = slot.version;
    const updated = await writing(
      this.#clock,
      this.#slots.findOneAndUpdate(
        {
          _id: slotId,
          doctorDay: slot.doctorDay,
          version: slot.version,
          bookedCount: { $lte: seats },
        },
        { $set: set, $inc: { version: 1 } },
        { projection: HEAD_PROJECTION, returnDocument: 'after', writeConcern: WRITE_CONCERN },
      ),
    );
    delete sent.guard;
    return updated ? { outcome: 'DONE', slot: updated } : undefined;
  }
}

/** The version that guards an update of which nothing is known yet. */
interface SentChange {
  guard?: number;
}

function differencesOf(slot: SlotHead, { status, capacity, delay }: SlotChange) {
  const set: Partial<Pick<SlotHead, 'status' | 'capacity' | 'isDelayed' | 'delayMinutes'>> = {};
  if (status !== undefined && status !== slot.status) set.status = status;
  if (capacity && !isSameCapacity(capacity, slot.capacity)) set.capacity = capacity;
  if (delay && delay.isDelayed !== slot.isDelayed) set.isDelayed = delay.isDelayed;
  if (delay && delay.delayMinutes !== slot.delayMinutes) set.delayMinutes = delay.delayMinutes;
  return set;
}

function isSameCapacity(one: Capacity, other: Capacity): boolean {
  return (
    one.base === other.base &&
    one.premiumBuffer === other.premiumBuffer &&
    one.emergencyBuffer === other.emergencyBuffer
  );
}
