export {
  ACTIVE_STATUSES,
  BOOKING_STATUSES,
  BOOKING_TYPES,
  SEAT_HOLDING_STATUSES,
  SLOT_STATUSES,
  TIERS,
  holdsSeat,
  isActive,
  tierOf,
  type BookingStatus,
  type BookingType,
  type SlotStatus,
  type Tier,
} from './types';

export {
  DEFAULT_CAPACITY,
  DELAYED_PERCENT,
  effectiveLimit,
  effectiveLimits,
  limitOf,
  openTiers,
  remainingSeats,
  totalSeats,
  type Capacity,
  type PerTier,
} from './capacity';

export {
  bookingEndsAtMs,
  decide,
  type ActiveBooking,
  type Admission,
  type BookingBounds,
  type Decision,
  type SeatRefusal,
  type SeatRequest,
  type SlotFull,
  type SlotState,
} from './decide';

export { TRANSITIONS, canTransition, statusesBefore } from './transitions';
