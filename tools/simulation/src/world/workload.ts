import { BOOKING_TYPES } from '@opd/capacity-core';
import type { Call, Operation } from '../history';
import type { Random } from '../random';

const STEPS = ['CHECKED_IN', 'IN_CONSULTATION', 'COMPLETED'] as const;

/** What a day at the desk asks for, in an order that a seed draws. */
export class Workload {
  readonly #random: Random;
  readonly #slotIds: readonly string[];
  readonly #patients: number;
  #users = 0;

  constructor(random: Random, slotIds: readonly string[]) {
    this.#random = random;
    this.#slotIds = slotIds;
    this.#patients = random.whole(2, 10);
  }

  /** The next call, of one who knows what was answered so far. */
  next(history: readonly Operation[]): Call {
    const random = this.#random;
    const draw = random.next();
    const booked = this.#bookedBefore(history);
    if (draw < 0.6 || !booked) return this.#book(history);
    if (draw < 0.72) return { ...booked, kind: 'STEP', to: 'CANCELLED' };
    if (draw < 0.79) return { ...booked, kind: 'STEP', to: 'NOSHOW' };
    if (draw < 0.84) return { ...booked, kind: 'STEP', to: random.pick(STEPS) };
    if (draw < 0.9) return { ...booked, kind: 'REINSTATE' };
    return this.#change();
  }

  /** A seat asked for in calm, by one whom nobody knows yet. */
  probe(slotId: string): Call {
    const userId = `probe-${++this.#users}`;
    return { kind: 'BOOK', slotId, type: 'WALKIN', patientId: userId, userId };
  }

  #book(history: readonly Operation[]): Call {
    const random = this.#random;
    const earlier = random.chance(0.12) ? this.#keyedBefore(history) : undefined;
    const slotId = random.pick(this.#slotIds);
    const type = random.pick(BOOKING_TYPES);
    // A key used again: for the same wish, or by mistake for another one.
    if (earlier) return random.chance(0.7) ? earlier : { ...earlier, slotId, type };
    const userId = `user-${++this.#users}`;
    const patientId = `patient-${random.whole(1, this.#patients)}`;
    const key = random.chance(0.5) ? `key-${userId}` : undefined;
    return { kind: 'BOOK', slotId, type, patientId, userId, key };
  }

  #change(): Call {
    const random = this.#random;
    const slotId = random.pick(this.#slotIds);
    const draw = random.next();
    if (draw < 0.4) {
      const isDelayed = random.chance(0.6);
      return {
        kind: 'CHANGE',
        slotId,
        delay: { isDelayed, delayMinutes: isDelayed ? random.whole(5, 60) : 0 },
      };
    }
    if (draw < 0.6)
      return { kind: 'CHANGE', slotId, status: random.chance(0.4) ? 'CLOSED' : 'OPEN' };
    const capacity = {
      base: random.whole(1, 5),
      premiumBuffer: random.whole(0, 2),
      emergencyBuffer: random.whole(0, 2),
    };
    return { kind: 'CHANGE', slotId, capacity };
  }

  #bookedBefore(history: readonly Operation[]) {
    const booked = history.flatMap(({ call, reply }) =>
      call.kind === 'BOOK' && reply.outcome === 'DONE' && reply.booking
        ? [{ slotId: reply.booking.slotId, bookingId: reply.booking.bookingId }]
        : [],
    );
    // The latest ones most often: there the races are.
    const recent = booked.slice(-4);
    return recent.length > 0 ? this.#random.pick(recent) : undefined;
  }

  #keyedBefore(history: readonly Operation[]) {
    const keyed = history.flatMap(({ call }) =>
      call.kind === 'BOOK' && call.key !== undefined ? [call] : [],
    );
    return keyed.length > 0 ? this.#random.pick(keyed) : undefined;
  }
}
