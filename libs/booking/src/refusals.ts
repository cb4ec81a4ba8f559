import { refused, type Outcome, type Refusal } from '@opd/contracts';
import type { WishRefusal } from './rounds/seat-request';

/** A refusal of an unknown id; the same for what is not there and what is another's. */
export function notFound(what: 'slot' | 'booking' | 'patient' | 'doctor'): Outcome<never> {
  return refused({ code: 'NOT_FOUND', detail: `There is no such ${what}.` });
}

/** A refusal of one field, in the shape of the HTTP contract's validation errors. */
export function invalidField(path: string, message: string): Outcome<never> {
  return refused({
    code: 'VALIDATION_FAILED',
    detail: `${path} ${message}.`,
    extensions: { errors: [{ path, message }] },
  });
}

/** The refusal of a step that the booking's status does not allow. */
export function invalidTransition(from: string, to: string): Outcome<never> {
  return refused(transitionRefusal(from, to));
}

/** What a round refused, as the asker gets to read it: one sentence, and the facts behind it. */
export function refusalOfWish(reason: WishRefusal): Refusal {
  switch (reason.code) {
    case 'NOT_FOUND':
      return { code: reason.code, detail: 'There is no such slot.' };
    case 'SLOT_CLOSED':
      return { code: reason.code, detail: 'The slot is closed and takes nobody.' };
    case 'SLOT_ENDED':
      return {
        code: reason.code,
        detail: `Booking as ${reason.bookingType} ended at ${new Date(reason.endedAtMs).toISOString()}.`,
        extensions: { bookingType: reason.bookingType },
      };
    case 'ALREADY_BOOKED': {
      const { code, bookingId, slotId, tokenNumber } = reason;
      return {
        code,
        detail: `The patient has token ${tokenNumber} in slot ${slotId} with this doctor on this day.`,
        extensions: { bookingId, slotId, tokenNumber },
      };
    }
    case 'INVALID_TRANSITION':
      return transitionRefusal(reason.from, reason.to);
    case 'SLOT_FULL':
      return slotFull(reason);
    case 'IDEMPOTENCY_KEY_REUSED':
      return {
        code: reason.code,
        detail: 'This Idempotency-Key was used for another booking; take a new key.',
      };
    case 'SLOT_BUSY':
      return {
        code: reason.code,
        detail: 'Too many are booking this slot; try again in a second.',
      };
    case 'TOO_MANY_ACTIVE_BOOKINGS':
    case 'TOO_MANY_BOOKINGS_IN_SLOT':
    case 'SLOT_RECORD_FULL':
      return boundReached(reason);
  }
}

type Reason<Code extends WishRefusal['code']> = Extract<WishRefusal, { code: Code }>;

function slotFull({ code, ...facts }: Reason<'SLOT_FULL'>): Refusal {
  const late = facts.isDelayed ? `, ${facts.undelayedLimit} if the doctor were not late` : '';
  const others =
    facts.openTiers.length > 0 ? ` Still admitted: ${facts.openTiers.join(', ')}.` : '';
  return {
    code,
    detail: `${facts.bookedCount} are booked and ${facts.tier} holds up to ${facts.limit}${late}.${others}`,
    extensions: facts,
  };
}

function boundReached({
  code,
  limit,
}: Reason<'TOO_MANY_ACTIVE_BOOKINGS' | 'TOO_MANY_BOOKINGS_IN_SLOT' | 'SLOT_RECORD_FULL'>): Refusal {
  const detail = {
    TOO_MANY_ACTIVE_BOOKINGS: `A patient may have ${limit} bookings ahead at a time.`,
    TOO_MANY_BOOKINGS_IN_SLOT: `A patient may book one slot ${limit} times, cancelled ones included.`,
    SLOT_RECORD_FULL: `The slot has recorded ${limit} bookings, cancelled ones included.`,
  }[code];
  return { code, detail, extensions: { limit } };
}

function transitionRefusal(from: string, to: string): Refusal {
  return {
    code: 'INVALID_TRANSITION',
    detail: `A booking that is ${from} cannot become ${to}.`,
    extensions: { from, to },
  };
}
