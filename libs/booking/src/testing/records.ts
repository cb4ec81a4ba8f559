import { holdsSeat, isActive, tierOf, type BookingType } from '@opd/capacity-core';
import { SeatRequest, type Arrival, type SeatWish } from '../rounds/seat-request';
import type { SlotWithBookings } from '../rounds/round-store';
import {
  doctorDayOf,
  slotIdOf,
  type BookingRecord,
  type SlotDocument,
} from '../store/slot-document';

/** The day of the specs, and half past eight in Kolkata on it: half an hour before the first slot. */
export const DAY = '2026-11-24';
/** Early on the day of the specs, in milliseconds since the epoch. */
export const MORNING_MS = Date.parse('2026-11-24T03:00:00.000Z');

/** The doctor of most specs, and his slots at nine and at ten. */
export const DOCTOR = 'dr-rao';
/** The slot at nine. */
export const NINE = slotIdOf(DOCTOR, DAY, '09:00');
/** The slot at ten. */
export const TEN = slotIdOf(DOCTOR, DAY, '10:00');

/** Which slot a spec means; by default the one at nine. */
export interface SlotTimes {
  readonly doctorId?: string;
  readonly date?: string;
  readonly start?: string;
  readonly end?: string;
}

/** A slot of one hour, empty and open, as the booking engine opens it in Kolkata. */
export function slotDocument(
  { doctorId = DOCTOR, date = DAY, start = '09:00', end = hourAfter(start) }: SlotTimes = {},
  changes: Partial<SlotDocument> = {},
): SlotDocument {
  return {
    _id: slotIdOf(doctorId, date, start),
    doctorId,
    date,
    start,
    end,
    startsAt: new Date(`${date}T${start}:00+05:30`),
    endsAt: new Date(`${date}T${end}:00+05:30`),
    doctorDay: doctorDayOf(doctorId, date),
    status: 'OPEN',
    capacity: { base: 10, premiumBuffer: 2, emergencyBuffer: 3 },
    isDelayed: false,
    delayMinutes: 0,
    bookedCount: 0,
    lastTokenNumber: 0,
    version: 0,
    activePatients: [],
    idempotencyKeys: [],
    bookings: [],
    ...changes,
  };
}

/** A slot that holds these bookings, with every counter and claim in step with them. */
export function slotHolding(
  bookings: readonly BookingRecord[],
  changes: Partial<SlotDocument> = {},
  times: SlotTimes = {},
): SlotDocument {
  return slotDocument(times, {
    bookedCount: bookings.filter(({ status }) => holdsSeat(status)).length,
    lastTokenNumber: Math.max(0, ...bookings.map(({ tokenNumber }) => tokenNumber)),
    version: bookings.length,
    activePatients: bookings
      .filter(({ status }) => isActive(status))
      .map(({ patientId }) => patientId),
    idempotencyKeys: bookings.flatMap(({ idempotencyKey }) => idempotencyKey ?? []),
    bookings: [...bookings],
    ...changes,
  });
}

/** One booking; the number is its token and tells its ids from others. */
export function bookingRecord(number: number, changes: Partial<BookingRecord> = {}): BookingRecord {
  const type: BookingType = changes.type ?? 'ONLINE';
  return {
    bookingId: `bk_${number}`,
    patientId: `pt_${number}`,
    type,
    tier: tierOf(type),
    status: 'BOOKED',
    tokenNumber: number,
    bookedAt: new Date(MORNING_MS),
    bookedBy: { userId: `pt_${number}`, role: 'PATIENT' },
    ...changes,
  };
}

/** Bookings with the tokens 1 to `count`. */
export function bookingRecords(
  count: number,
  changes: Partial<BookingRecord> = {},
): BookingRecord[] {
  return Array.from({ length: count }, (_, index) => bookingRecord(index + 1, changes));
}

let wishesMade = 0;

/** A wish of a patient of its own for the slot at nine, with ids that no other wish has. */
export function seatWish(changes: Partial<SeatWish> = {}): SeatWish {
  wishesMade += 1;
  const patientId = changes.patientId ?? `pt_wish${wishesMade}`;
  return {
    kind: 'BOOK',
    bookingId: `bk_wish${wishesMade}`,
    requestId: `rq_${wishesMade}`,
    slotId: NINE,
    patientId,
    type: 'ONLINE',
    by: { userId: patientId, role: 'PATIENT' },
    ...changes,
  };
}

/** A request for that wish, arrived at 0 of the monotonic clock. */
export function seatRequest(
  changes: Partial<SeatWish> = {},
  arrival: Arrival = { arrivedAtMs: 0 },
): SeatRequest {
  return new SeatRequest(seatWish(changes), arrival);
}

/** What a round's read shows of a slot. */
export function asRead(slot: SlotDocument): SlotWithBookings {
  const read: Partial<SlotDocument> & SlotWithBookings = { ...slot };
  delete read.activePatients;
  delete read.idempotencyKeys;
  return read;
}

function hourAfter(start: string): string {
  return `${String(Number(start.slice(0, 2)) + 1).padStart(2, '0')}:${start.slice(3)}`;
}
