import type { BookingType, SeatRefusal } from '@opd/capacity-core';
import type { BookedBy, BookingInSlot } from '../store/slot-document';

/** What is asked of a slot: a new booking, or a missed one taken back. */
export interface SeatWish {
  readonly kind: 'BOOK' | 'REINSTATE';
  /** BOOK: made once per request, before anything is sent. REINSTATE: the booking to take back. */
  readonly bookingId: string;
  /** Tells this request's write from every other, should its answer get lost. */
  readonly requestId: string;
  readonly slotId: string;
  readonly patientId: string;
  readonly type: BookingType;
  readonly by: BookedBy;
  /** Keyed hash of the asker and his Idempotency-Key. */
  readonly idempotencyKey?: string | undefined;
}

/** Why a wish was not granted; nothing of it is or will be stored. */
export type WishRefusal =
  | SeatRefusal
  | { readonly code: 'NOT_FOUND' }
  | { readonly code: 'IDEMPOTENCY_KEY_REUSED' }
  | { readonly code: 'INVALID_TRANSITION'; readonly from: string; readonly to: string }
  | { readonly code: 'SLOT_BUSY' };

/** The one answer to a wish. */
export type SeatAnswer =
  | ({ readonly outcome: 'ADMITTED' } & BookingInSlot)
  /** The same wish was granted before, under the same idempotency key. */
  | { readonly outcome: 'REPLAYED'; readonly bookingId: string }
  | { readonly outcome: 'REFUSED'; readonly refusal: WishRefusal }
  /** No write was sent, or the one sent can certainly never take effect. */
  | { readonly outcome: 'UNAVAILABLE'; readonly code: 'LOCK_UNAVAILABLE' | 'STORE_UNAVAILABLE' }
  /** A write was sent and may yet take effect. */
  | { readonly outcome: 'UNKNOWN' }
  /** A bug or a broken document; nothing was stored. */
  | { readonly outcome: 'BROKEN'; readonly error: unknown };

/** A request is answered this long after its arrival at the latest, in milliseconds. */
export const REQUEST_DEADLINE_MS = 2_500;

/** When a wish came in, and how to know that nobody waits for it any more. */
export interface Arrival {
  /** On the monotonic clock of the rounds. */
  readonly arrivedAtMs: number;
  /** Fires when the client has gone; the wish is then dropped. */
  readonly clientGone?: AbortSignal | undefined;
}

/**
 * A wish on its way through the lane of its slot. It is answered exactly once; until then it may
 * be decided anew as often as a round fails.
 */
export class SeatRequest {
  readonly wish: SeatWish;
  readonly arrivedAtMs: number;
  /** At this instant, on the same clock, it is answered with what is known. */
  readonly deadlineMs: number;
  readonly answered: Promise<SeatAnswer>;
  readonly #clientGone: AbortSignal | undefined;
  #resolve!: (answer: SeatAnswer) => void;
  #isAnswered = false;
  #guardOfLostWrite: number | undefined;
  #guardBefore: number | undefined;

  constructor(wish: SeatWish, arrival: Arrival) {
    this.wish = wish;
    this.arrivedAtMs = arrival.arrivedAtMs;
    this.deadlineMs = arrival.arrivedAtMs + REQUEST_DEADLINE_MS;
    this.#clientGone = arrival.clientGone;
    this.answered = new Promise((resolve) => (this.#resolve = resolve));
  }

  /** Gives the answer. Only the first one counts. */
  answer(answer: SeatAnswer): void {
    this.#isAnswered = true;
    this.#resolve(answer);
  }

  /**
   * True if nobody waits for the answer any more: answered, past its deadline (a process that was
   * paused may find it so before the timer does), or without a client. A round leaves it alone.
   */
  isDropped(nowMs: number): boolean {
    return this.#isAnswered || nowMs >= this.deadlineMs || this.#clientGone?.aborted === true;
  }

  /**
   * The version that guards a write of this request whose outcome is not known. While there is
   * one, nothing but a seat may be answered: a refusal waits until the slot's version is above it,
   * for then the lost write can never match.
   */
  get guardOfLostWrite(): number | undefined {
    return this.#guardOfLostWrite;
  }

  get hasLostWrite(): boolean {
    return this.#guardOfLostWrite !== undefined;
  }

  /** Called directly before a write that carries this request: from now on its outcome is open. */
  writeSent(guardVersion: number): void {
    this.#guardBefore = this.#guardOfLostWrite;
    this.#guardOfLostWrite = guardVersion;
  }

  /** That write certainly did not take effect; an earlier one may still be open. */
  writeRefused(): void {
    this.#guardOfLostWrite = this.#guardBefore;
  }

  /** A majority read showed the slot at `version`, without a seat of this request. */
  versionSeen(version: number): void {
    if (this.#guardOfLostWrite !== undefined && this.#guardOfLostWrite < version)
      this.#guardOfLostWrite = undefined;
  }

  /** Answers at the deadline, with what is true of its write at this moment. */
  expire(): void {
    this.answer(
      this.hasLostWrite
        ? { outcome: 'UNKNOWN' }
        : { outcome: 'UNAVAILABLE', code: 'STORE_UNAVAILABLE' },
    );
  }
}
