export { BookingModule, type BookingModuleOptions } from './booking.module';
export {
  createBooking,
  type BookingParts,
  type BookingSettings,
  type BookingUseCases,
} from './create-booking';
export { DemoClinic, type DemoClinicParts } from './demo-clinic';

export { BookSlot, type BookedSlot, type BookSlotCommand } from './use-cases/book-slot';
export { ReinstateBooking } from './use-cases/reinstate-booking';
export { AdvanceVisit } from './use-cases/advance-visit';
export { ReadBookings } from './use-cases/read-bookings';
export { ReadSlots } from './use-cases/read-slots';
export { OpenSlots } from './use-cases/open-slots';
export { ChangeSlots } from './use-cases/change-slots';
export { KeepDoctors } from './use-cases/keep-doctors';

export type { Arrival } from './rounds/seat-request';
export type { RoundObserver } from './rounds/round';
export type {
  RoundQuery,
  RoundStore,
  RoundView,
  SlotWrite,
  WriteReceipt,
} from './rounds/round-store';
export { bookingMigrations } from './store/slot-migrations';
export { migrate, type Migration } from './store/migrations';
export { systemClock, type Clock } from './clock';
export { ClinicCalendar } from './clinic-calendar';
export { randomIds, type Ids } from './ids';
