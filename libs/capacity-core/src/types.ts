/** What a patient comes as. */
export const BOOKING_TYPES = ['ONLINE', 'WALKIN', 'PAID', 'FOLLOWUP', 'EMERGENCY'] as const;
export type BookingType = (typeof BOOKING_TYPES)[number];

/** What a type is worth, lowest first. Derived here; no client sends it. */
export const TIERS = ['STANDARD', 'PREMIUM', 'CRITICAL'] as const;
export type Tier = (typeof TIERS)[number];

/** Where a booking stands on its way through the visit. */
export const BOOKING_STATUSES = [
  'BOOKED',
  'CHECKED_IN',
  'IN_CONSULTATION',
  'COMPLETED',
  'CANCELLED',
  'NOSHOW',
] as const;
export type BookingStatus = (typeof BOOKING_STATUSES)[number];

/** Whether a slot takes bookings at all. */
export const SLOT_STATUSES = ['OPEN', 'CLOSED'] as const;
export type SlotStatus = (typeof SLOT_STATUSES)[number];

const TIER_OF_TYPE: Readonly<Record<BookingType, Tier>> = {
  ONLINE: 'STANDARD',
  WALKIN: 'STANDARD',
  PAID: 'PREMIUM',
  FOLLOWUP: 'PREMIUM',
  EMERGENCY: 'CRITICAL',
};

/** The tier of a type (seed rule: ONLINE and WALKIN, PAID and FOLLOWUP, EMERGENCY). */
export function tierOf(type: BookingType): Tier {
  return TIER_OF_TYPE[type];
}

/** The statuses in which a booking occupies one of the slot's seats (counted in `bookedCount`). */
export const SEAT_HOLDING_STATUSES = [
  'BOOKED',
  'CHECKED_IN',
  'IN_CONSULTATION',
  'COMPLETED',
] as const satisfies readonly BookingStatus[];

/** The statuses in which a booking is still to be served: the patient's claim on doctor and day. */
export const ACTIVE_STATUSES = [
  'BOOKED',
  'CHECKED_IN',
  'IN_CONSULTATION',
] as const satisfies readonly BookingStatus[];

/** True while the booking occupies a seat; CANCELLED and NOSHOW have given it back. */
export function holdsSeat(status: BookingStatus): boolean {
  return (SEAT_HOLDING_STATUSES as readonly BookingStatus[]).includes(status);
}

/** True while the visit is still ahead or under way; at most one per patient, doctor and day. */
export function isActive(status: BookingStatus): boolean {
  return (ACTIVE_STATUSES as readonly BookingStatus[]).includes(status);
}
