/**
 * Goal: one request gets the answer of the seed rule, with the first reason that applies, and a
 * refusal that explains itself.
 * Method: tables of examples. The order of reasons is tried with every set of reasons that can apply
 * at once, so that every pair is among them.
 */
import { DEFAULT_CAPACITY } from './capacity';
import {
  bookingEndsAtMs,
  decide,
  type BookingBounds,
  type Decision,
  type SeatRefusal,
  type SeatRequest,
  type SlotState,
} from './decide';
import { BOOKING_TYPES, type BookingType } from './types';

const NINE = Date.UTC(2026, 10, 24, 3, 30);
const HOUR_MS = 3_600_000;

const EMPTY: SlotState = {
  status: 'OPEN',
  startsAtMs: NINE,
  endsAtMs: NINE + HOUR_MS,
  capacity: DEFAULT_CAPACITY,
  isDelayed: false,
  bookedCount: 0,
  lastTokenNumber: 0,
  bookingsInSlot: 0,
};
const ASKED: SeatRequest = {
  type: 'ONLINE',
  atMs: NINE - HOUR_MS,
  activeBookings: 0,
  patientBookingsInSlot: 0,
};
const BOUNDS: BookingBounds = {
  activeBookingsPerPatient: 5,
  bookingsOfPatientInSlot: 3,
  bookingsInSlot: 200,
};

interface Situation {
  slot?: Partial<SlotState>;
  request?: Partial<SeatRequest>;
  bounds?: Partial<BookingBounds>;
}

function decided({ slot, request, bounds }: Situation): Decision {
  return decide({ ...EMPTY, ...slot }, { ...ASKED, ...request }, { ...BOUNDS, ...bounds });
}

function refusalOf(situation: Situation): SeatRefusal | undefined {
  const decision = decided(situation);
  return decision.admitted ? undefined : decision.refusal;
}

/** How many of a type are admitted one after the other into a slot that starts as given. */
function admittedInARow(type: BookingType, start: Partial<SlotState>): number {
  let slot = { ...EMPTY, ...start };
  for (let admitted = 0; admitted <= 1000; admitted += 1) {
    const decision = decide(slot, { ...ASKED, type }, BOUNDS);
    if (!decision.admitted) return admitted;
    slot = decision.admission.slotAfter;
  }
  throw new Error('the slot never filled up');
}

describe('seats of the seed rule', () => {
  it.each<[BookingType, number, number]>([
    ['ONLINE', 10, 8],
    ['WALKIN', 10, 8],
    ['PAID', 12, 9],
    ['FOLLOWUP', 12, 9],
    ['EMERGENCY', 15, 15],
  ])('an empty slot takes %s up to %i, and up to %i while delayed', (type, limit, delayed) => {
    expect(admittedInARow(type, {})).toBe(limit);
    expect(admittedInARow(type, { isDelayed: true })).toBe(delayed);
  });

  it.each<[BookingType, number, boolean, boolean]>([
    ['ONLINE', 9, false, true],
    ['ONLINE', 10, false, false],
    ['PAID', 10, false, true],
    ['FOLLOWUP', 11, false, true],
    ['PAID', 12, false, false],
    ['EMERGENCY', 12, false, true],
    ['EMERGENCY', 14, false, true],
    ['EMERGENCY', 15, false, false],
    ['WALKIN', 7, true, true],
    ['WALKIN', 8, true, false],
    ['PAID', 8, true, true],
    ['FOLLOWUP', 9, true, false],
    ['EMERGENCY', 14, true, true],
    ['EMERGENCY', 15, true, false],
  ])('%s with %i booked, delayed %s: admitted %s', (type, bookedCount, isDelayed, admitted) => {
    expect(decided({ slot: { bookedCount, isDelayed }, request: { type } }).admitted).toBe(
      admitted,
    );
  });

  it('ten emergencies leave no standard seat: there is one count, not one per tier', () => {
    expect(admittedInARow('ONLINE', { bookedCount: 10 })).toBe(0);
  });

  it('honours ten who were booked before a delay, and takes the next by the new limit', () => {
    const delayed = { bookedCount: 10, isDelayed: true };
    expect(admittedInARow('ONLINE', delayed)).toBe(0);
    expect(admittedInARow('PAID', delayed)).toBe(0);
    expect(admittedInARow('EMERGENCY', delayed)).toBe(5);
  });
});

describe('an admission', () => {
  it('gives the next token number and shows the slot as the next in line meets it', () => {
    const slot = { bookedCount: 4, lastTokenNumber: 7, bookingsInSlot: 9 };
    expect(decided({ slot, request: { type: 'PAID' } })).toEqual({
      admitted: true,
      admission: {
        tier: 'PREMIUM',
        tokenNumber: 8,
        slotAfter: { ...EMPTY, bookedCount: 5, lastTokenNumber: 8, bookingsInSlot: 10 },
      },
    });
  });

  it('of a missed visit taken back keeps its token and adds no booking', () => {
    const slot = { bookedCount: 4, lastTokenNumber: 7, bookingsInSlot: 9 };
    expect(decided({ slot, request: { keepsTokenNumber: 3 } })).toEqual({
      admitted: true,
      admission: {
        tier: 'STANDARD',
        tokenNumber: 3,
        slotAfter: { ...EMPTY, bookedCount: 5, lastTokenNumber: 7, bookingsInSlot: 9 },
      },
    });
  });
});

describe('a missed visit taken back', () => {
  it('is not counted against the bounds of the record, which it does not lengthen', () => {
    const slot = { bookingsInSlot: 200 };
    const request = { keepsTokenNumber: 1, patientBookingsInSlot: 3 };
    expect(decided({ slot, request }).admitted).toBe(true);
  });

  it('of an ONLINE patient who came late is possible until the end of the slot', () => {
    const request = { type: 'ONLINE' as const, keepsTokenNumber: 1 };
    expect(decided({ request: { ...request, atMs: NINE } }).admitted).toBe(true);
    expect(decided({ request: { ...request, atMs: NINE + HOUR_MS - 1 } }).admitted).toBe(true);
    const tooLate = refusalOf({ request: { ...request, atMs: NINE + HOUR_MS } });
    expect(tooLate).toMatchObject({ code: 'SLOT_ENDED', endedAtMs: NINE + HOUR_MS });
  });

  it.each<[string, Situation]>([
    ['SLOT_CLOSED', { slot: { status: 'CLOSED' } }],
    ['SLOT_ENDED', { request: { atMs: NINE + HOUR_MS } }],
    [
      'ALREADY_BOOKED',
      { request: { activeBooking: { bookingId: 'b', slotId: 's', tokenNumber: 1 } } },
    ],
    ['TOO_MANY_ACTIVE_BOOKINGS', { request: { activeBookings: 5 } }],
    ['SLOT_FULL', { slot: { bookedCount: 10 } }],
  ])('is refused like a booking: %s', (code, { slot, request }) => {
    const refusal = refusalOf({ slot, request: { ...request, keepsTokenNumber: 1 } });
    expect(refusal?.code).toBe(code);
  });
});

describe('the order of reasons', () => {
  const REASONS: [SeatRefusal['code'], Situation][] = [
    ['SLOT_CLOSED', { slot: { status: 'CLOSED' } }],
    ['SLOT_ENDED', { request: { atMs: NINE } }],
    [
      'ALREADY_BOOKED',
      { request: { activeBooking: { bookingId: 'b', slotId: 's', tokenNumber: 1 } } },
    ],
    ['TOO_MANY_ACTIVE_BOOKINGS', { request: { activeBookings: 5 } }],
    ['TOO_MANY_BOOKINGS_IN_SLOT', { request: { patientBookingsInSlot: 3 } }],
    ['SLOT_RECORD_FULL', { slot: { bookingsInSlot: 200 } }],
    ['SLOT_FULL', { slot: { bookedCount: 10 } }],
  ];
  const SETS = Array.from({ length: 2 ** REASONS.length }, (_, bits) =>
    REASONS.filter((_reason, index) => bits & (1 << index)),
  );

  it('is tried with every pair', () => {
    expect(SETS).toHaveLength(128);
    expect(SETS.filter((reasons) => reasons.length === 2)).toHaveLength(21);
  });

  it.each(SETS.map((reasons) => ({ names: reasons.map(([code]) => code), reasons })))(
    'of $names the first is the answer',
    ({ names, reasons }) => {
      const slot = Object.assign({}, ...reasons.map(([, { slot }]) => slot));
      const request = Object.assign({}, ...reasons.map(([, { request }]) => request));
      expect(refusalOf({ slot, request })?.code).toBe(names[0]);
    },
  );
});

describe('a refusal explains itself', () => {
  it('SLOT_FULL: count, limit now, limit without the delay, and who may still come', () => {
    const slot = { bookedCount: 10, isDelayed: true };
    expect(refusalOf({ slot, request: { type: 'FOLLOWUP' } })).toEqual({
      code: 'SLOT_FULL',
      bookingType: 'FOLLOWUP',
      tier: 'PREMIUM',
      bookedCount: 10,
      limit: 9,
      undelayedLimit: 12,
      isDelayed: true,
      openTiers: ['CRITICAL'],
    });
  });

  it('SLOT_FULL of a full house offers nobody a seat', () => {
    expect(refusalOf({ slot: { bookedCount: 15 }, request: { type: 'EMERGENCY' } })).toMatchObject({
      limit: 15,
      undelayedLimit: 15,
      openTiers: [],
    });
  });

  it('ALREADY_BOOKED: the booking he has', () => {
    const activeBooking = { bookingId: 'b-1', slotId: 'dr-rao_2026-11-24_0900', tokenNumber: 4 };
    expect(refusalOf({ request: { activeBooking } })).toEqual({
      code: 'ALREADY_BOOKED',
      ...activeBooking,
    });
  });

  it.each<[SeatRefusal['code'], Situation, object]>([
    ['SLOT_CLOSED', { slot: { status: 'CLOSED' } }, {}],
    [
      'SLOT_ENDED',
      { request: { type: 'PAID', atMs: NINE + HOUR_MS } },
      { bookingType: 'PAID', endedAtMs: NINE + HOUR_MS },
    ],
    ['TOO_MANY_ACTIVE_BOOKINGS', { request: { activeBookings: 7 } }, { limit: 5 }],
    ['TOO_MANY_BOOKINGS_IN_SLOT', { request: { patientBookingsInSlot: 3 } }, { limit: 3 }],
    ['SLOT_RECORD_FULL', { slot: { bookingsInSlot: 200 } }, { limit: 200 }],
  ])('%s', (code, situation, carried) => {
    expect(refusalOf(situation)).toEqual({ code, ...carried });
  });
});

describe('bounds', () => {
  it.each<[string, Situation]>([
    ['one below the bound of active bookings', { request: { activeBookings: 4 } }],
    [
      'a bound of active bookings that is switched off',
      { request: { activeBookings: 999 }, bounds: { activeBookingsPerPatient: 0 } },
    ],
    ["one below the patient's bookings in the slot", { request: { patientBookingsInSlot: 2 } }],
    ["one below the slot's record", { slot: { bookingsInSlot: 199 } }],
  ])('%s: admitted', (_name, situation) => {
    expect(decided(situation).admitted).toBe(true);
  });
});

describe('when booking ends', () => {
  it.each(BOOKING_TYPES)('%s: open a millisecond before its end, closed at it', (type) => {
    const endsAtMs = type === 'ONLINE' ? NINE : NINE + HOUR_MS;
    expect(bookingEndsAtMs(EMPTY, type)).toBe(endsAtMs);
    expect(decided({ request: { type, atMs: endsAtMs - 1 } }).admitted).toBe(true);
    expect(refusalOf({ request: { type, atMs: endsAtMs } })?.code).toBe('SLOT_ENDED');
  });

  it('a delay moves neither end', () => {
    const slot = { isDelayed: true };
    expect(refusalOf({ slot, request: { atMs: NINE } })?.code).toBe('SLOT_ENDED');
    expect(refusalOf({ slot, request: { type: 'PAID', atMs: NINE + HOUR_MS } })?.code).toBe(
      'SLOT_ENDED',
    );
  });
});
