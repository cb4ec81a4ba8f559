import {
  canTransition,
  decide,
  type BookingBounds,
  type SeatRequest as CoreRequest,
  type SlotState,
  type Tier,
} from '@opd/capacity-core';
import { slotStateOf, type BookingInSlot, type BookingRecord } from '../store/slot-document';
import type { Reinstatement, RoundView, SlotWithBookings, SlotWrite } from './round-store';
import type { SeatAnswer, SeatRequest, SeatWish, WishRefusal } from './seat-request';

/** An answer that is given when the slot's write is acknowledged, and not before. */
export interface PlannedAnswer {
  readonly request: SeatRequest;
  readonly answer: SeatAnswer;
}

/** What one round decided for one slot. `write` is undefined if nothing of the slot changes. */
export interface SlotPlan {
  readonly answers: readonly PlannedAnswer[];
  readonly write: SlotWrite | undefined;
}

/** What a decision needs beside the slot and the requests. */
export interface DecisionContext {
  readonly view: RoundView;
  readonly bounds: BookingBounds;
  readonly nowMs: number;
}

/**
 * Decides the requests of one slot in their order of arrival, each on the slot as the ones before
 * it left it. Nothing is stored and nobody is answered here.
 */
export function decideSlot(
  slotId: string,
  requests: readonly SeatRequest[],
  context: DecisionContext,
): SlotPlan {
  const slot = context.view.slot(slotId);
  if (!slot) {
    const answer = refusal({ code: 'NOT_FOUND' });
    return { answers: requests.map((request) => ({ request, answer })), write: undefined };
  }
  const sheet = new SlotSheet(slot, context);
  const answers = requests.map((request) => ({ request, answer: sheet.answer(request.wish) }));
  const isFenceNeeded = answers.some((planned) => waitsForFence(planned, slot.version));
  return { answers, write: sheet.write(isFenceNeeded) };
}

/**
 * A refused request whose earlier write got lost may only be told so once that write can never
 * match any more; raising the version sees to it.
 */
function waitsForFence({ request, answer }: PlannedAnswer, version: number): boolean {
  const guard = request.guardOfLostWrite;
  return answer.outcome !== 'ADMITTED' && guard !== undefined && guard >= version;
}

/** True if what this very request asked for is stored: an earlier write of it took effect. */
export function hasLanded(wish: SeatWish, { bookings }: SlotWithBookings): boolean {
  return wish.kind === 'BOOK'
    ? bookings.some(({ bookingId }) => bookingId === wish.bookingId)
    : bookings.some(({ reinstateId }) => reinstateId === wish.requestId);
}

/** The slot as a round fills it in, request by request. */
class SlotSheet {
  readonly #read: SlotWithBookings;
  readonly #context: DecisionContext;
  /** Bookings as this round leaves them: added and taken back ones. */
  readonly #added: BookingRecord[] = [];
  readonly #takenBack: BookingRecord[] = [];
  #state: SlotState;

  constructor(read: SlotWithBookings, context: DecisionContext) {
    this.#read = read;
    this.#context = context;
    this.#state = slotStateOf(read, read.bookings.length);
  }

  answer(wish: SeatWish): SeatAnswer {
    return wish.kind === 'BOOK' ? this.#answerBooking(wish) : this.#answerReinstatement(wish);
  }

  /** The one update of this slot; none if nothing changes and no fence is needed. */
  write(isFenceNeeded: boolean): SlotWrite | undefined {
    const isUnchanged = this.#added.length + this.#takenBack.length === 0;
    if (isUnchanged && !isFenceNeeded) return undefined;
    const { _id: slotId, doctorDay, version } = this.#read;
    const reinstatements = this.#takenBack.map(reinstatementOf);
    return { slotId, doctorDay, version, bookings: this.#added, reinstatements };
  }

  #answerBooking(wish: SeatWish): SeatAnswer {
    const landed = this.#bookingById(wish.bookingId);
    if (landed) return this.#admitted(landed);

    const earlier = this.#bookingUnderKey(wish.idempotencyKey);
    if (earlier) return replayOrReuse(earlier, wish);

    const seat = this.#giveSeat(wish);
    if ('code' in seat) return refusal(seat);
    const booking: BookingRecord = {
      bookingId: wish.bookingId,
      patientId: wish.patientId,
      type: wish.type,
      tier: seat.tier,
      status: 'BOOKED',
      tokenNumber: seat.tokenNumber,
      bookedAt: new Date(this.#context.nowMs),
      bookedBy: wish.by,
      ...(wish.idempotencyKey !== undefined && { idempotencyKey: wish.idempotencyKey }),
    };
    this.#added.push(booking);
    return this.#admitted(booking);
  }

  #answerReinstatement(wish: SeatWish): SeatAnswer {
    const missed = this.#bookingById(wish.bookingId);
    if (!missed) return refusal({ code: 'NOT_FOUND' });
    if (missed.status === 'BOOKED' || missed.reinstateId === wish.requestId)
      return this.#admitted(missed);
    if (!canTransition(missed.status, 'BOOKED'))
      return refusal({ code: 'INVALID_TRANSITION', from: missed.status, to: 'BOOKED' });

    const seat = this.#giveSeat(wish, missed.tokenNumber);
    if ('code' in seat) return refusal(seat);
    const booking: BookingRecord = {
      ...missed,
      status: 'BOOKED',
      reinstatedAt: new Date(this.#context.nowMs),
      reinstateId: wish.requestId,
    };
    delete booking.noShowAt;
    delete booking.checkedInAt;
    this.#takenBack.push(booking);
    return this.#admitted(booking);
  }

  #giveSeat(
    wish: SeatWish,
    keepsTokenNumber?: number,
  ): WishRefusal | { readonly tier: Tier; readonly tokenNumber: number } {
    const request: CoreRequest = {
      type: wish.type,
      atMs: this.#context.nowMs,
      keepsTokenNumber,
      ...this.#claimsOf(wish.patientId),
    };
    const decision = decide(this.#state, request, this.#context.bounds);
    if (!decision.admitted) return decision.refusal;
    this.#state = decision.admission.slotAfter;
    return decision.admission;
  }

  /** What the patient has already: with this doctor on this day, ahead of him, and in this slot. */
  #claimsOf(patientId: string) {
    const isOfPatient = (booking: BookingRecord) => booking.patientId === patientId;
    const granted = this.#granted()
      .filter(isOfPatient)
      .map((booking) => ({ slot: this.#read, booking }));
    const active = [...this.#context.view.activeBookingsOf(patientId), ...granted];
    const today = active.find(({ slot }) => slot.doctorDay === this.#read.doctorDay);
    return {
      activeBooking: today && {
        bookingId: today.booking.bookingId,
        slotId: today.slot._id,
        tokenNumber: today.booking.tokenNumber,
      },
      activeBookings: active.filter((a) => a.slot.endsAt.getTime() > this.#context.nowMs).length,
      patientBookingsInSlot:
        this.#read.bookings.filter(isOfPatient).length + this.#added.filter(isOfPatient).length,
    };
  }

  #bookingById(bookingId: string): BookingRecord | undefined {
    const isIt = (booking: BookingRecord) => booking.bookingId === bookingId;
    return this.#granted().find(isIt) ?? this.#read.bookings.find(isIt);
  }

  #bookingUnderKey(idempotencyKey: string | undefined): BookingInSlot | undefined {
    if (idempotencyKey === undefined) return undefined;
    const booking = this.#added.find((added) => added.idempotencyKey === idempotencyKey);
    if (booking) return { slot: this.#read, booking };
    return this.#context.view.bookingUnder(idempotencyKey);
  }

  #granted(): BookingRecord[] {
    return [...this.#added, ...this.#takenBack];
  }

  #admitted(booking: BookingRecord): SeatAnswer {
    return { outcome: 'ADMITTED', slot: this.#read, booking };
  }
}

/** The same key with the same wish is a repeat; with another wish it is a mistake of the client. */
function replayOrReuse({ slot, booking }: BookingInSlot, wish: SeatWish): SeatAnswer {
  const isSameWish =
    slot._id === wish.slotId && booking.type === wish.type && booking.patientId === wish.patientId;
  if (!isSameWish) return refusal({ code: 'IDEMPOTENCY_KEY_REUSED' });
  return { outcome: 'REPLAYED', bookingId: booking.bookingId };
}

function reinstatementOf(booking: BookingRecord): Reinstatement {
  const { bookingId, patientId, reinstateId, reinstatedAt } = booking;
  if (reinstateId === undefined || reinstatedAt === undefined)
    throw new Error('A booking taken back carries the request and the time');
  return { bookingId, patientId, reinstateId, at: reinstatedAt };
}

function refusal(reason: WishRefusal): SeatAnswer {
  return { outcome: 'REFUSED', refusal: reason };
}
