import { PatientDirectory } from '@opd/auth';
import { Module, type DynamicModule, type Provider } from '@nestjs/common';
import { getConnectionToken } from '@nestjs/mongoose';
import type { Connection } from 'mongoose';
import { createBooking, type BookingParts, type BookingUseCases } from './create-booking';
import { AdvanceVisit } from './use-cases/advance-visit';
import { BookSlot } from './use-cases/book-slot';
import { ChangeSlots } from './use-cases/change-slots';
import { KeepDoctors } from './use-cases/keep-doctors';
import { OpenSlots } from './use-cases/open-slots';
import { ReadBookings } from './use-cases/read-bookings';
import { ReadSlots } from './use-cases/read-slots';
import { ReinstateBooking } from './use-cases/reinstate-booking';

/** What an application gives beside its connection and its patients. */
export type BookingModuleOptions = Omit<BookingParts, 'connection' | 'patients'>;

const BOOKING = Symbol('BookingUseCases');

/** The use-cases of booking as Nest providers. Needs the Mongoose connection and AuthModule. */
@Module({})
export class BookingModule {
  /** @throws RangeError if the clinic's time zone does not exist. */
  static forRoot(options: BookingModuleOptions): DynamicModule {
    const providers: Provider[] = [
      {
        provide: BOOKING,
        inject: [getConnectionToken(), PatientDirectory],
        useFactory: (connection: Connection, patients: PatientDirectory) =>
          createBooking({ ...options, connection, patients }),
      },
      part(BookSlot, (booking) => booking.bookSlot),
      part(ReinstateBooking, (booking) => booking.reinstateBooking),
      part(AdvanceVisit, (booking) => booking.advanceVisit),
      part(ReadBookings, (booking) => booking.readBookings),
      part(ReadSlots, (booking) => booking.readSlots),
      part(OpenSlots, (booking) => booking.openSlots),
      part(ChangeSlots, (booking) => booking.changeSlots),
      part(KeepDoctors, (booking) => booking.keepDoctors),
    ];
    return { module: BookingModule, providers, exports: providers };
  }
}

function part<T>(
  provide: abstract new (...args: never[]) => T,
  pick: (booking: BookingUseCases) => T,
): Provider {
  return { provide, inject: [BOOKING], useFactory: pick };
}
