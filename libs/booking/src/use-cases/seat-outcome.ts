import { ok, refused, type Outcome } from '@opd/contracts';
import { refusalOfWish } from '../refusals';
import type { SeatAnswer } from '../rounds/seat-request';
import type { BookingInSlot } from '../store/slot-document';

type Decided = Exclude<SeatAnswer, { outcome: 'REPLAYED' }>;

/**
 * The answer of a round as the outcome of a use-case.
 * @throws the error of a decision that broke.
 */
export function outcomeOfAnswer<T>(
  answer: Decided,
  valueOf: (seat: BookingInSlot) => T,
): Outcome<T> {
  switch (answer.outcome) {
    case 'ADMITTED':
      return ok(valueOf(answer));
    case 'REFUSED':
      return refused(refusalOfWish(answer.refusal));
    case 'UNAVAILABLE':
      return refused({ code: answer.code, detail: UNAVAILABLE_DETAIL[answer.code] });
    case 'UNKNOWN':
      return refused({
        code: 'OUTCOME_UNKNOWN',
        detail: 'Repeat the request with the same Idempotency-Key to learn the outcome.',
      });
    case 'BROKEN':
      throw answer.error;
  }
}

const UNAVAILABLE_DETAIL = {
  LOCK_UNAVAILABLE: 'Nothing was booked. Try again in a moment.',
  STORE_UNAVAILABLE: 'Nothing was booked. Try again in a moment.',
} as const;
