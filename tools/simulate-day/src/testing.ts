import { tierOf, type BookingStatus, type BookingType } from '@opd/capacity-core';
import { type Booking, type Slot } from '@opd/contracts';
import { type Arrival } from './arrivals';
import { phoneOf } from './patients';
import { planVisit, type Visit, type VisitAnswer } from './visit';

/** A slot at nine with the default capacity, for specs. */
export const SLOT: Slot = {
  slotId: 'sim-dr-01_2027-01-04_0900',
  doctorId: 'sim-dr-01',
  date: '2027-01-04',
  start: '09:00',
  end: '10:00',
  startsAt: '2027-01-04T03:30:00.000Z',
  endsAt: '2027-01-04T04:30:00.000Z',
  status: 'OPEN',
  capacity: { base: 10, premiumBuffer: 2, emergencyBuffer: 3 },
  isDelayed: false,
  delayMinutes: 0,
  bookedCount: 0,
  limits: { STANDARD: 10, PREMIUM: 12, CRITICAL: 15 },
  remaining: { STANDARD: 10, PREMIUM: 12, CRITICAL: 15 },
};

/** An arrival for {@link SLOT}, an hour and ten minutes ahead of it. */
export function arrivalFor(change: Partial<Arrival> = {}): Arrival {
  return {
    row: 1,
    line: 2,
    minute: 470,
    doctorId: SLOT.doctorId,
    start: SLOT.start,
    startMinute: 540,
    endMinute: 600,
    type: 'ONLINE',
    patient: 'Patient 0001',
    outcome: 'SHOW',
    ...change,
  };
}

/** A visit whose booking was answered. */
export function visitOf(
  type: BookingType,
  outcome: VisitAnswer,
  more: Partial<Pick<Visit, 'status' | 'unansweredStepCode' | 'answerMs' | 'waitMinutes'>> = {},
): Visit {
  const arrival = arrivalFor({ type });
  const patient = { name: arrival.patient, phone: phoneOf(1, SLOT.date) };
  return { ...planVisit(arrival, patient, SLOT), outcome, ...more };
}

/** An admission with a token number, as the APIs answer it. */
export function admitted(
  type: BookingType,
  tokenNumber: number,
  status: BookingStatus = 'BOOKED',
): VisitAnswer {
  const booking: Booking = {
    bookingId: `booking-${tokenNumber}`,
    slotId: SLOT.slotId,
    doctorId: SLOT.doctorId,
    date: SLOT.date,
    start: SLOT.start,
    end: SLOT.end,
    startsAt: SLOT.startsAt,
    isDelayed: false,
    delayMinutes: 0,
    patientId: `patient-${tokenNumber}`,
    patientName: 'Patient 0001',
    type,
    tier: tierOf(type),
    status,
    tokenNumber,
    bookedAt: '2027-01-03T03:30:00.000Z',
  };
  return { kind: 'ADMITTED', booking };
}
