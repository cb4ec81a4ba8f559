import { isActive } from '@opd/capacity-core';
import type { BookingInSlot, BookingRecord, SlotHead } from '../store/slot-document';

/** What a round wants to know: its slots, the claims of its patients, the keys of its requests. */
export interface RoundQuery {
  readonly slotIds: readonly string[];
  readonly patientIds: readonly string[];
  readonly idempotencyKeys: readonly string[];
  /** Claims on earlier days are of no interest. */
  readonly fromDay: string;
}

/** A slot with all bookings it remembers. */
export interface SlotWithBookings extends SlotHead {
  readonly bookings: readonly BookingRecord[];
}

/** What one majority read found: the slots asked for, and others that hold a claim or a key. */
export class RoundView {
  readonly #slots = new Map<string, SlotWithBookings>();
  readonly #activeOf = new Map<string, BookingInSlot[]>();
  readonly #underKey = new Map<string, BookingInSlot>();

  constructor(slots: readonly SlotWithBookings[]) {
    for (const slot of slots) {
      this.#slots.set(slot._id, slot);
      for (const booking of slot.bookings) this.#index({ slot, booking });
    }
  }

  slot(slotId: string): SlotWithBookings | undefined {
    return this.#slots.get(slotId);
  }

  /** The patient's active bookings in the slots that were read. */
  activeBookingsOf(patientId: string): readonly BookingInSlot[] {
    return this.#activeOf.get(patientId) ?? [];
  }

  /** The booking that was made under an idempotency key. */
  bookingUnder(idempotencyKey: string): BookingInSlot | undefined {
    return this.#underKey.get(idempotencyKey);
  }

  #index(found: BookingInSlot): void {
    const { patientId, status, idempotencyKey } = found.booking;
    if (idempotencyKey !== undefined) this.#underKey.set(idempotencyKey, found);
    if (!isActive(status)) return;
    const others = this.#activeOf.get(patientId);
    if (others) others.push(found);
    else this.#activeOf.set(patientId, [found]);
  }
}

/** A missed booking that takes a seat again. */
export interface Reinstatement {
  readonly bookingId: string;
  readonly patientId: string;
  readonly reinstateId: string;
  readonly at: Date;
}

/** All that one round changes in one slot: one update, guarded by the version that was read. */
export interface SlotWrite {
  readonly slotId: string;
  readonly doctorDay: string;
  readonly version: number;
  /** One of the two is empty. Both empty: the write raises the version and nothing else. */
  readonly bookings: readonly BookingRecord[];
  readonly reinstatements: readonly Reinstatement[];
}

/**
 * Why one slot's write certainly did not take effect. CLAIMED: a unique index was met. INVALID:
 * MongoDB refuses such a document, which is a bug of ours. NOT_SENT: no server could be reached.
 */
export type WriteRefusal = 'CLAIMED' | 'INVALID' | 'NOT_SENT';

/**
 * How the writes of a round went. ACKNOWLEDGED: each one matched, on a majority of the nodes.
 * UNCLEAR: anything else; a slot in `refused` was certainly not written, of the others nothing is
 * known until they are read again.
 */
export type WriteReceipt =
  | { readonly outcome: 'ACKNOWLEDGED' }
  | {
      readonly outcome: 'UNCLEAR';
      readonly refused: ReadonlyMap<string, WriteRefusal>;
      readonly cause?: unknown;
    };

/** What a round needs of the store: one read and one write. */
export interface RoundStore {
  /** @throws StoreUnavailableError */
  readRound(query: RoundQuery): Promise<RoundView>;
  /** Never throws: every failure is a receipt. */
  writeRound(writes: readonly SlotWrite[]): Promise<WriteReceipt>;
}
