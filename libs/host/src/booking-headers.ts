import type { BookedSlot } from '@opd/booking';
import { IdempotencyKey, ok, type Booking, type Outcome } from '@opd/contracts';
import type { SetHeader } from '@opd/platform';
import { z } from 'zod';

/** The header that makes a booking safe to repeat. */
export const BookingHeaders = z.object({ 'idempotency-key': IdempotencyKey.optional() });

/** The booking as the reply's body; that it is a repeat, as its header. */
export function bookingReply(booked: Outcome<BookedSlot>, setHeader: SetHeader): Outcome<Booking> {
  if (!booked.ok) return booked;
  if (booked.value.isReplay) setHeader('Idempotency-Replayed', 'true');
  return ok(booked.value.booking);
}
