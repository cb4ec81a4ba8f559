import type { PatientDirectory } from '@opd/auth';
import type { SlotLocks } from '@opd/locking';
import type { Connection } from 'mongoose';
import { ClinicCalendar } from './clinic-calendar';
import { systemClock, type Clock } from './clock';
import { IdempotencyKeys } from './idempotency';
import { randomIds, type Ids } from './ids';
import type { RoundObserver } from './rounds/round';
import type { RoundStore } from './rounds/round-store';
import { SeatRounds } from './rounds/seat-rounds';
import {
  DOCTOR_DAYS,
  DOCTORS,
  type DoctorDayDocument,
  type DoctorDocument,
} from './store/doctor-document';
import { DoctorStore } from './store/doctor-store';
import { MongoRoundStore } from './store/mongo-round-store';
import { SlotChanges } from './store/slot-changes';
import {
  MAX_BOOKINGS_IN_SLOT,
  MAX_BOOKINGS_OF_PATIENT_IN_SLOT,
  SLOTS,
  type SlotDocument,
} from './store/slot-document';
import { SlotOpening } from './store/slot-opening';
import { SlotReads } from './store/slot-reads';
import { VisitSteps } from './store/visit-steps';
import { AdvanceVisit } from './use-cases/advance-visit';
import { BookSlot } from './use-cases/book-slot';
import { ChangeSlots } from './use-cases/change-slots';
import { KeepDoctors } from './use-cases/keep-doctors';
import { OpenSlots } from './use-cases/open-slots';
import { ReadBookings } from './use-cases/read-bookings';
import { ReadSlots } from './use-cases/read-slots';
import { ReinstateBooking } from './use-cases/reinstate-booking';

/** What the booking engine is made of, and what a test may replace. */
export interface BookingParts {
  readonly connection: Connection;
  readonly patients: PatientDirectory;
  readonly locks: SlotLocks;
  readonly settings: BookingSettings;
  readonly observer: RoundObserver;
  readonly clock?: Clock;
  readonly ids?: Ids;
  readonly random?: () => number;
  /** Stands before the store of the rounds, to watch it or to break it in a test. */
  readonly wrapRoundStore?: (store: RoundStore) => RoundStore;
}

/** The clinic's settings of the booking engine. */
export interface BookingSettings {
  /** IANA name, such as `Asia/Kolkata`. */
  readonly clinicTimeZone: string;
  /** 0 switches the bound off. */
  readonly maxActiveBookingsPerPatient: number;
  /** How long another owner may be seen holding a slot before SLOT_BUSY; 0 answers at once. */
  readonly lockWaitMs: number;
  /** Shared by replicas; the key of idempotency hashes is derived from it. */
  readonly tokenSigningKey: string;
}

/** Everything that can be asked of the booking engine. */
export interface BookingUseCases {
  readonly bookSlot: BookSlot;
  readonly reinstateBooking: ReinstateBooking;
  readonly advanceVisit: AdvanceVisit;
  readonly readBookings: ReadBookings;
  readonly readSlots: ReadSlots;
  readonly openSlots: OpenSlots;
  readonly changeSlots: ChangeSlots;
  readonly keepDoctors: KeepDoctors;
}

/**
 * Puts the booking engine together, on a connection that is open.
 * @throws RangeError if the clinic's time zone does not exist.
 */
export function createBooking(parts: BookingParts): BookingUseCases {
  const { patients, settings, clock = systemClock, ids = randomIds } = parts;
  const calendar = new ClinicCalendar(settings.clinicTimeZone);
  const { reads, doctors, opening, changes, steps, roundStore } = storesOf(parts, clock);
  const rounds = new SeatRounds({
    locks: parts.locks,
    store: parts.wrapRoundStore?.(roundStore) ?? roundStore,
    clock,
    calendar,
    bounds: {
      activeBookingsPerPatient: settings.maxActiveBookingsPerPatient,
      bookingsOfPatientInSlot: MAX_BOOKINGS_OF_PATIENT_IN_SLOT,
      bookingsInSlot: MAX_BOOKINGS_IN_SLOT,
    },
    observer: parts.observer,
    random: parts.random ?? Math.random,
    lockWaitMs: settings.lockWaitMs,
  });
  const keys = new IdempotencyKeys(settings.tokenSigningKey);
  return {
    bookSlot: new BookSlot({ rounds, reads, patients, keys, ids }),
    reinstateBooking: new ReinstateBooking({ rounds, reads, patients, ids }),
    advanceVisit: new AdvanceVisit(steps, patients),
    readBookings: new ReadBookings(reads, patients),
    readSlots: new ReadSlots({ reads, doctors, calendar, clock }),
    openSlots: new OpenSlots({ opening, doctors, calendar, clock }),
    changeSlots: new ChangeSlots({ changes, reads, doctors, clock }),
    keepDoctors: new KeepDoctors(doctors),
  };
}

function storesOf({ connection }: BookingParts, clock: Clock) {
  const client = connection.getClient();
  const db = client.db(connection.name);
  const slots = db.collection<SlotDocument>(SLOTS);
  const reads = new SlotReads(slots, clock);
  return {
    reads,
    doctors: new DoctorStore(db.collection<DoctorDocument>(DOCTORS), clock),
    opening: new SlotOpening(
      client,
      { slots, days: db.collection<DoctorDayDocument>(DOCTOR_DAYS) },
      clock,
    ),
    changes: new SlotChanges(slots, reads, clock),
    steps: new VisitSteps(slots, reads, clock),
    roundStore: new MongoRoundStore(slots, clock),
  };
}
