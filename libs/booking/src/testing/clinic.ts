import { authMigrations, PatientDirectory } from '@opd/auth';
import type { BookingType } from '@opd/capacity-core';
import type { Booking, Identity, Outcome, Patient } from '@opd/contracts';
import type { SlotLocks } from '@opd/locking';
import { connectMongo } from '@opd/platform';
import type { Connection, mongo } from 'mongoose';
import { createBooking, type BookingParts, type BookingUseCases } from '../create-booking';
import { migrate } from '../store/migrations';
import { bookingMigrations } from '../store/slot-migrations';
import { DOCTORS, type DoctorDocument } from '../store/doctor-document';
import { SLOTS, type BookingRecord, type SlotDocument } from '../store/slot-document';
import type { BookedSlot } from '../use-cases/book-slot';
import { TurnedClock } from './hand-clock';
import { DOCTOR, NINE, slotDocument, type SlotTimes } from './records';
import { grantingLocks, NotingObserver } from './scripted-ports';

/** The front desk of the specs: it may book every type. */
export const DESK: Identity = { userId: 'us_desk', role: 'DESK' };

/** Who books what; by default the desk, online, at nine. */
export interface BookingWanted {
  readonly patientId: string;
  readonly slotId?: string;
  readonly type?: BookingType;
  readonly by?: Identity;
  readonly idempotencyKey?: string;
}

/** One booking engine, as one process has it. */
export interface Engine extends BookingUseCases {
  readonly observer: NotingObserver;
  /** Books now, with the whole deadline ahead. */
  book(wanted: BookingWanted): Promise<Outcome<BookedSlot>>;
}

let peopleMade = 0;

/** A clinic on a real database of its own, with any number of engines on it. */
export class SpecClinic {
  readonly clock = new TurnedClock();
  readonly connection: Connection;
  readonly patients: PatientDirectory;

  private constructor(connection: Connection) {
    this.connection = connection;
    this.patients = new PatientDirectory(connection);
  }

  /** Connects as an API does, and brings the collections, validators and indexes of an API. */
  static async open(uri: string): Promise<SpecClinic> {
    const clinic = new SpecClinic(await connectMongo({ mongodbUri: uri }));
    await migrate(clinic.db, [...authMigrations, ...bookingMigrations]);
    const doctor = { name: 'Dr. Rao', specialty: 'General Medicine', createdAt: new Date() };
    await clinic.doctors.updateOne({ _id: DOCTOR }, { $setOnInsert: doctor }, { upsert: true });
    return clinic;
  }

  async close(): Promise<void> {
    await this.db.dropDatabase();
    await this.connection.close();
  }

  get db(): mongo.Db {
    return this.connection.getClient().db(this.connection.name);
  }

  get slots(): mongo.Collection<SlotDocument> {
    return this.db.collection<SlotDocument>(SLOTS);
  }

  get doctors(): mongo.Collection<DoctorDocument> {
    return this.db.collection<DoctorDocument>(DOCTORS);
  }

  /** An engine of its own on this database; by default its lock always says yes. */
  engine(parts: Partial<BookingParts> & { readonly lockWaitMs?: number } = {}): Engine {
    const observer = new NotingObserver();
    const { lockWaitMs = 250, ...given } = parts;
    const useCases = createBooking({
      connection: this.connection,
      patients: this.patients,
      locks: grantingLocks,
      clock: this.clock,
      observer,
      settings: {
        clinicTimeZone: 'Asia/Kolkata',
        maxActiveBookingsPerPatient: 5,
        lockWaitMs,
        tokenSigningKey: 'a signing key that only the specs have',
      },
      ...given,
    });
    const { clock } = this;
    const book = ({ slotId = NINE, type = 'ONLINE', by = DESK, ...who }: BookingWanted) =>
      useCases.bookSlot.execute({
        slotId,
        type,
        by,
        ...who,
        arrival: { arrivedAtMs: clock.monotonicMs() },
      });
    return { ...useCases, observer, book };
  }

  /** Engines as several processes have them: each with lanes and rounds of its own. */
  engines(count: number, locks: SlotLocks = grantingLocks): Engine[] {
    return Array.from({ length: count }, () => this.engine({ locks }));
  }

  /** Puts a slot into the database as it is given, and removes whatever was there. */
  async putSlot(slot: SlotDocument = slotDocument()): Promise<void> {
    await this.slots.replaceOne({ _id: slot._id }, slot, { upsert: true });
  }

  /** Starts over with these slots and no others. */
  async resetSlots(...slots: SlotDocument[]): Promise<void> {
    await this.slots.deleteMany({});
    await this.slots.insertMany(slots.length > 0 ? slots : [slotDocument()]);
  }

  /** Opens the slots of a whole morning at once, empty. */
  async resetMorning(starts: readonly string[], times: SlotTimes = {}): Promise<string[]> {
    const slots = starts.map((start) => slotDocument({ ...times, start }));
    await this.resetSlots(...slots);
    return slots.map(({ _id }) => _id);
  }

  /** The slot as it lies in the database. */
  async rawSlot(slotId = NINE): Promise<SlotDocument> {
    const slot = await this.slots.findOne({ _id: slotId });
    if (!slot) throw new Error(`There is no slot ${slotId}`);
    return slot;
  }

  /** The booking as it lies in its slot. */
  async rawBooking(bookingId: string): Promise<BookingRecord | undefined> {
    const slot = await this.slots.findOne({ 'bookings.bookingId': bookingId });
    return slot?.bookings.find((booking) => booking.bookingId === bookingId);
  }

  /** So many patients that nobody has seen before. */
  async newPatients(count: number): Promise<Patient[]> {
    const patients: Patient[] = [];
    // A few at a time: a pool that has just been opened gives no hundreds of connections.
    while (patients.length < count) {
      const few = Math.min(20, count - patients.length);
      patients.push(...(await Promise.all(Array.from({ length: few }, () => this.newPatient()))));
    }
    return patients;
  }

  /** A patient that nobody has seen before. */
  newPatient(): Promise<Patient> {
    peopleMade += 1;
    const phone = `+9197${String(peopleMade).padStart(8, '0')}`;
    return this.patients.findOrAdd({ name: `Generated Patient ${peopleMade}`, phone });
  }
}

/** An outcome in one word: the token of a booking, else the code of the refusal. */
export function wordOf(outcome: Outcome<BookedSlot> | Outcome<Booking>): number | string {
  if (!outcome.ok) return outcome.refusal.code;
  return 'booking' in outcome.value ? outcome.value.booking.tokenNumber : outcome.value.tokenNumber;
}

/** The value of an outcome that a spec needs to be good. */
export function valueOf<T>(outcome: Outcome<T>): T {
  if (!outcome.ok) throw new Error(`Refused: ${outcome.refusal.code}, ${outcome.refusal.detail}`);
  return outcome.value;
}

/** How often each value occurs. */
export function countOf(values: readonly (string | number)[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const value of values) counts[value] = (counts[value] ?? 0) + 1;
  return counts;
}
