import type { mongo } from 'mongoose';
import type { Clock } from '../clock';
import { READ_MAX_TIME_MS } from './mongo-round-store';
import type { BookingInSlot, BookingRecord, SlotDocument, SlotHead } from './slot-document';
import { reading } from './store-faults';

/** All of a slot but its bookings and the claims on it: no personal data. */
export const HEAD_PROJECTION = { bookings: 0, activePatients: 0, idempotencyKeys: 0 } as const;

const READ_OPTIONS = {
  // What is shown as booked must not be rolled back afterwards.
  readConcern: { level: 'majority' },
  readPreference: 'primary',
  maxTimeMS: READ_MAX_TIME_MS,
} as const;

/** A place in a patient's list of bookings, newest slot first. */
export interface VisitPosition {
  readonly startsAt: Date;
  readonly slotId: string;
  readonly tokenNumber: number;
}

/** Slots of one doctor, from one day on, in order of time. */
export interface SlotsQuery {
  readonly doctorId: string;
  /** Calendar days `YYYY-MM-DD`, both included. */
  readonly fromDay: string;
  readonly toDay: string;
  /** Only slots after this one: ids of one doctor are in order of time. */
  readonly afterSlotId?: string | undefined;
  readonly atMost: number;
}

/** Reads of slots and bookings. Every method may throw StoreUnavailableError. */
export class SlotReads {
  readonly #slots: mongo.Collection<SlotDocument>;
  readonly #clock: Clock;

  constructor(slots: mongo.Collection<SlotDocument>, clock: Clock) {
    this.#slots = slots;
    this.#clock = clock;
  }

  /** One slot without its bookings. */
  async slot(slotId: string): Promise<SlotHead | undefined> {
    const options = { ...READ_OPTIONS, projection: HEAD_PROJECTION };
    const found = await reading(this.#clock, this.#slots.findOne({ _id: slotId }, options));
    return found ?? undefined;
  }

  /** The slots of a doctor, open, closed and ended ones. */
  async slotsOfDoctor(query: SlotsQuery): Promise<SlotHead[]> {
    const filter: mongo.Filter<SlotDocument> = {
      doctorId: query.doctorId,
      date: { $gte: query.fromDay, $lte: query.toDay },
      ...(query.afterSlotId !== undefined && { _id: { $gt: query.afterSlotId } }),
    };
    const found = this.#slots
      .find(filter, { ...READ_OPTIONS, projection: HEAD_PROJECTION })
      .sort({ date: 1, start: 1 })
      .limit(query.atMost);
    return reading(this.#clock, found.toArray());
  }

  /** A slot with all its bookings: the register. */
  async register(
    slotId: string,
  ): Promise<{ slot: SlotHead; bookings: BookingRecord[] } | undefined> {
    const options = { ...READ_OPTIONS, projection: { activePatients: 0, idempotencyKeys: 0 } };
    const found = await reading(this.#clock, this.#slots.findOne({ _id: slotId }, options));
    if (!found) return undefined;
    const { bookings, ...slot } = found;
    return { slot, bookings };
  }

  /** One booking; with `patientId` only if it is this patient's. */
  async booking(bookingId: string, patientId?: string): Promise<BookingInSlot | undefined> {
    const isIt = { bookingId, ...(patientId !== undefined && { patientId }) };
    const found = await reading(
      this.#clock,
      this.#slots.findOne(
        { bookings: { $elemMatch: isIt } },
        { ...READ_OPTIONS, projection: { ...HEAD_FIELDS, bookings: { $elemMatch: isIt } } },
      ),
    );
    return found ? bookingInSlot(found) : undefined;
  }

  /** The bookings of a patient in every status, newest slot first, `atMost` after a position. */
  async bookingsOfPatient(
    patientId: string,
    atMost: number,
    after?: VisitPosition,
  ): Promise<BookingInSlot[]> {
    const found = this.#slots.aggregate<SlotHead & { booking: BookingRecord }>(
      [
        {
          $match: {
            'bookings.patientId': patientId,
            ...(after && { startsAt: { $lte: after.startsAt } }),
          },
        },
        { $unwind: '$bookings' },
        { $match: { 'bookings.patientId': patientId, ...(after && beyond(after)) } },
        { $sort: { startsAt: -1, _id: -1, 'bookings.tokenNumber': -1 } },
        { $limit: atMost },
        { $set: { booking: '$bookings' } },
        { $project: HEAD_PROJECTION },
      ],
      READ_OPTIONS,
    );
    const rows = await reading(this.#clock, found.toArray());
    return rows.map(({ booking, ...slot }) => ({ slot, booking }));
  }
}

/** The head by inclusion, for projections that also pick one booking. */
export const HEAD_FIELDS = {
  doctorId: 1,
  date: 1,
  start: 1,
  end: 1,
  startsAt: 1,
  endsAt: 1,
  doctorDay: 1,
  status: 1,
  capacity: 1,
  isDelayed: 1,
  delayMinutes: 1,
  bookedCount: 1,
  lastTokenNumber: 1,
  version: 1,
} as const satisfies Record<Exclude<keyof SlotHead, '_id'>, 1>;

/** A slot document with exactly one booking projected, as a pair. */
export function bookingInSlot(found: SlotHead & { bookings: BookingRecord[] }): BookingInSlot {
  const { bookings, ...slot } = found;
  const [booking] = bookings;
  if (!booking) throw new Error(`Slot ${slot._id} was found by a booking it does not hold`);
  return { slot, booking };
}

function beyond({ startsAt, slotId, tokenNumber }: VisitPosition): mongo.Document {
  return {
    $or: [
      { startsAt: { $lt: startsAt } },
      { startsAt, _id: { $lt: slotId } },
      { startsAt, _id: slotId, 'bookings.tokenNumber': { $lt: tokenNumber } },
    ],
  };
}
