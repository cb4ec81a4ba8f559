import { holdsSeat, isActive, statusesBefore, type BookingStatus } from '@opd/capacity-core';
import type { mongo } from 'mongoose';
import type { Clock } from '../clock';
import { WRITE_CONCERN } from './mongo-round-store';
import type { BookingInSlot, SlotDocument } from './slot-document';
import { HEAD_FIELDS, bookingInSlot, type SlotReads } from './slot-reads';
import { OVERTAKEN, untilSettled, writing, type Overtaken } from './store-faults';

/** The statuses a booking reaches by one update, without a seat being asked for. */
export type StepStatus = Exclude<BookingStatus, 'BOOKED'>;

/** One step in the life of a booking. */
export interface VisitStep {
  readonly bookingId: string;
  readonly to: StepStatus;
  /** Only if the booking is this patient's. */
  readonly patientId?: string | undefined;
  /** Why it was cancelled, in the words of whoever did. */
  readonly reason?: string | undefined;
}

/** What became of a step. A booking that was there already is DONE, and unchanged. */
export type StepOutcome =
  | ({ readonly outcome: 'DONE' } & BookingInSlot)
  | { readonly outcome: 'NOT_FOUND' }
  | { readonly outcome: 'INVALID_TRANSITION'; readonly from: BookingStatus };

/**
 * Of which life of the booking an update was sent whose outcome is not known yet: a missed visit
 * that is taken back begins a new one, named by its `reinstateId`.
 */
interface SentStep {
  life?: string | null;
}

/** From which statuses the step may be taken: a patient may cancel until he is checked in. */
function statusesTakenBy({ to, patientId }: VisitStep): BookingStatus[] {
  return statusesBefore(to).filter((from) => patientId === undefined || from === 'BOOKED');
}

const STAMP_OF_STATUS = {
  CHECKED_IN: 'checkedInAt',
  IN_CONSULTATION: 'startedAt',
  COMPLETED: 'completedAt',
  CANCELLED: 'cancelledAt',
  NOSHOW: 'noShowAt',
} as const satisfies Record<StepStatus, string>;

/**
 * The steps of a visit. Each is one atomic update that changes the booking and gives the seat and
 * the patient's claim back with it, so a seat is freed exactly once however often it is asked for.
 */
export class VisitSteps {
  readonly #slots: mongo.Collection<SlotDocument>;
  readonly #reads: SlotReads;
  readonly #clock: Clock;

  constructor(slots: mongo.Collection<SlotDocument>, reads: SlotReads, clock: Clock) {
    this.#slots = slots;
    this.#reads = reads;
    this.#clock = clock;
  }

  /**
   * Takes one step. Needs no lock and does not touch the version.
   * @throws StoreUnavailableError if nothing was sent, OutcomeUnknownError if the step may have
   * taken effect; repeating it is safe in both cases.
   */
  take(step: VisitStep): Promise<StepOutcome> {
    const sent: SentStep = {};
    return untilSettled(this.#clock, () => this.#tryOnce(step, sent));
  }

  /** Reads, then updates under the condition of what was read; undefined if that changed meanwhile. */
  async #tryOnce(step: VisitStep, sent: SentStep): Promise<StepOutcome | Overtaken | undefined> {
    const found = await this.#reads.booking(step.bookingId, step.patientId);
    if (!found) return { outcome: 'NOT_FOUND' };
    const { status } = found.booking;
    if (status === step.to) return { outcome: 'DONE', ...found };
    if (!statusesTakenBy(step).includes(status))
      return { outcome: 'INVALID_TRANSITION', from: status };
    // The booking was taken back since: an update that got lost may have been what it was taken
    // back from. Sent again, the step would be taken twice.
    const life = found.booking.reinstateId ?? null;
    if (sent.life !== undefined && sent.life !== life) return OVERTAKEN;
    sent.life = life;
    const updated = await this.#update(found, step);
    delete sent.life;
    return updated && { outcome: 'DONE', ...updated };
  }

  async #update({ slot, booking }: BookingInSlot, step: VisitStep) {
    const { bookingId } = booking;
    const { to } = step;
    const from = { $in: statusesTakenBy(step) };
    const givesSeatBack = !holdsSeat(to);
    const updated = await writing(
      this.#clock,
      this.#slots.findOneAndUpdate(
        {
          _id: slot._id,
          doctorDay: slot.doctorDay,
          // A step asked of a visit before it was taken back must not meet it afterwards.
          bookings: {
            $elemMatch: { bookingId, status: from, reinstateId: booking.reinstateId ?? null },
          },
          ...(givesSeatBack && { bookedCount: { $gt: 0 } }),
        },
        {
          $set: {
            'bookings.$[b].status': to,
            [`bookings.$[b].${STAMP_OF_STATUS[to]}`]: new Date(this.#clock.nowMs()),
            ...(step.reason && { 'bookings.$[b].cancelReason': step.reason }),
          },
          ...(givesSeatBack && { $inc: { bookedCount: -1 } }),
          ...(!isActive(to) && { $pull: { activePatients: booking.patientId } }),
        },
        {
          // Never the positional `$`: it is undefined when the filter names two arrays.
          arrayFilters: [{ 'b.bookingId': bookingId, 'b.status': from }],
          projection: { ...HEAD_FIELDS, bookings: { $elemMatch: { bookingId } } },
          returnDocument: 'after',
          writeConcern: WRITE_CONCERN,
        },
      ),
    );
    return updated ? bookingInSlot(updated) : undefined;
  }
}
