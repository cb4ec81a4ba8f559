import { BOOKING_STATUSES, type BookingStatus } from './types';

/**
 * The life of a booking as a table: from a status to the statuses it may take next. CANCELLED and
 * COMPLETED are final. NOSHOW to BOOKED takes a seat again, so it is admitted like a booking.
 */
export const TRANSITIONS: Readonly<Record<BookingStatus, readonly BookingStatus[]>> = {
  BOOKED: ['CHECKED_IN', 'CANCELLED', 'NOSHOW'],
  CHECKED_IN: ['IN_CONSULTATION', 'CANCELLED', 'NOSHOW'],
  IN_CONSULTATION: ['COMPLETED'],
  COMPLETED: [],
  CANCELLED: [],
  NOSHOW: ['BOOKED'],
};

/** True if a booking may go from `from` to `to`. Staying where it is, is no transition. */
export function canTransition(from: BookingStatus, to: BookingStatus): boolean {
  return TRANSITIONS[from].includes(to);
}

/** The statuses from which `to` can be reached in one step: the filter of an atomic update. */
export function statusesBefore(to: BookingStatus): BookingStatus[] {
  return BOOKING_STATUSES.filter((from) => canTransition(from, to));
}
