import type { Finding, RawSlot } from './raw-slot';

const HOLDING_A_SEAT = ['BOOKED', 'CHECKED_IN', 'IN_CONSULTATION', 'COMPLETED'];
const STILL_TO_BE_SERVED = ['BOOKED', 'CHECKED_IN', 'IN_CONSULTATION'];
const GIVEN_BACK = ['CANCELLED', 'NOSHOW'];
const BOOKING_STATUSES = [...HOLDING_A_SEAT, ...GIVEN_BACK];
const SLOT_STATUSES = ['OPEN', 'CLOSED'];
const TIER_OF_TYPE = new Map([
  ['ONLINE', 'STANDARD'],
  ['WALKIN', 'STANDARD'],
  ['PAID', 'PREMIUM'],
  ['FOLLOWUP', 'PREMIUM'],
  ['EMERGENCY', 'CRITICAL'],
]);
const MOST_BOOKINGS = 200;
const MOST_BOOKINGS_OF_PATIENT = 3;

/** Says what is wrong with a slot by one rule: one line a fault, none if it is kept. */
type Rule = (slot: RawSlot) => string[];

/**
 * What must be true of one slot, after every write and every crash. Rules that span slots are in
 * the audit itself.
 */
const RULES: Readonly<Record<string, Rule>> = {
  IDENTITY: ({ _id, doctorId, date, start, end, startsAt, endsAt, doctorDay }) =>
    faults(
      [doctorDay !== `${doctorId}_${date}`, `doctorDay ${doctorDay} is not doctorId and date`],
      [_id !== `${doctorId}_${date}_${start.replace(':', '')}`, `_id is not doctorId, date, start`],
      [!(start < end) || !(startsAt < endsAt), 'it does not end after its start'],
    ),

  STATUS: ({ status, bookings }) => [
    ...faults([!SLOT_STATUSES.includes(status), `slot status ${status}`]),
    ...bookings
      .filter((booking) => !BOOKING_STATUSES.includes(booking.status))
      .map(({ bookingId, status }) => `${bookingId} has status ${status}`),
  ],

  COUNTER: ({ bookedCount, lastTokenNumber, version, delayMinutes, capacity }) =>
    Object.entries({ bookedCount, lastTokenNumber, version, delayMinutes, ...capacity })
      .filter(([, value]) => !Number.isInteger(value) || value < 0)
      .map(([name, value]) => `${name} is ${value}`),

  BOOKED_COUNT: (slot) => {
    const seats = seatsHeld(slot);
    return faults([slot.bookedCount !== seats, `bookedCount ${slot.bookedCount}, held ${seats}`]);
  },

  OVERBOOKED: (slot) => {
    const { base, premiumBuffer, emergencyBuffer } = slot.capacity;
    const seats = base + premiumBuffer + emergencyBuffer;
    const taken = Math.max(slot.bookedCount, seatsHeld(slot));
    return faults([taken > seats, `${taken} taken of ${seats} seats`]);
  },

  TOKEN: ({ bookings, lastTokenNumber }) => {
    const tokens = bookings.map(({ tokenNumber }) => tokenNumber);
    return [
      ...repeated(tokens).map((token) => `token ${token} was given twice`),
      ...tokens
        .filter((token) => !Number.isInteger(token) || token < 1 || token > lastTokenNumber)
        .map((token) => `token ${token} is not one of 1 to ${lastTokenNumber}`),
    ];
  },

  // Bookings lie in the order in which they were made, and tokens are given in that order.
  TOKEN_ORDER: ({ bookings }) => {
    const tokens = bookings.map(({ tokenNumber }) => tokenNumber);
    return tokens
      .filter((token, index) => token < (tokens[index - 1] ?? 0))
      .map((token) => `token ${token} was given after a higher one`);
  },

  TIER: ({ bookings }) =>
    bookings
      .filter(({ type, tier }) => TIER_OF_TYPE.get(type) !== tier)
      .map(({ bookingId, type, tier }) => `${bookingId} of type ${type} has tier ${tier}`),

  ACTIVE_PATIENTS: ({ activePatients, bookings }) => {
    const claimed = [...activePatients].sort().join(' ');
    const active = bookings.filter(({ status }) => STILL_TO_BE_SERVED.includes(status));
    const expected = active
      .map(({ patientId }) => patientId)
      .sort()
      .join(' ');
    return [
      ...faults([claimed !== expected, `activePatients [${claimed}], active [${expected}]`]),
      ...repeated(activePatients).map((patientId) => `${patientId} is active twice`),
    ];
  },

  IDEMPOTENCY_KEY: ({ idempotencyKeys, bookings }) => {
    const ofBookings = bookings.flatMap(({ idempotencyKey }) => idempotencyKey ?? []);
    return [
      ...without(idempotencyKeys, ofBookings).map((key) => `key ${key} belongs to no booking`),
      ...without(ofBookings, idempotencyKeys).map((key) => `key ${key} is not in the slot's list`),
      ...repeated(ofBookings).map((key) => `key ${key} made two bookings`),
    ];
  },

  RECORD_SIZE: ({ bookings }) => {
    const patients = bookings.map(({ patientId }) => patientId);
    const countOf = (id: string) => patients.filter((patientId) => patientId === id).length;
    return [
      ...faults([bookings.length > MOST_BOOKINGS, `${bookings.length} bookings`]),
      ...[...new Set(patients)]
        .filter((id) => countOf(id) > MOST_BOOKINGS_OF_PATIENT)
        .map((id) => `${countOf(id)} bookings of ${id}`),
    ];
  },
};

/** Every rule that this slot alone breaks. */
export function findingsInSlot(slot: RawSlot): Finding[] {
  return Object.entries(RULES).flatMap(([rule, check]) =>
    check(slot).map((detail) => ({ slotId: slot._id, rule, detail })),
  );
}

/** The patients who still are to be served in this slot, by its bookings. */
export function patientsToBeServed(slot: RawSlot): string[] {
  return slot.bookings
    .filter(({ status }) => STILL_TO_BE_SERVED.includes(status))
    .map(({ patientId }) => patientId);
}

function seatsHeld({ bookings }: RawSlot): number {
  return bookings.filter(({ status }) => HOLDING_A_SEAT.includes(status)).length;
}

function faults(...checks: [isBroken: boolean, detail: string][]): string[] {
  return checks.filter(([isBroken]) => isBroken).map(([, detail]) => detail);
}

function repeated<T>(values: readonly T[]): T[] {
  return [...new Set(values.filter((value, index) => values.indexOf(value) !== index))];
}

function without<T>(values: readonly T[], others: readonly T[]): T[] {
  return values.filter((value) => !others.includes(value));
}
