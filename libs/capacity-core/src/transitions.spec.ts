/**
 * Goal: a booking goes only where the life of a visit allows, and every move does to the seat what
 * the status says.
 * Method: the whole table of from and to, written out; then its shape as a graph.
 */
import { TRANSITIONS, canTransition, statusesBefore } from './transitions';
import { BOOKING_STATUSES, holdsSeat, isActive, type BookingStatus } from './types';

// One row per `from`, one column per `to`, both in this order; x where the step is allowed.
const ORDER: BookingStatus[] = [
  'BOOKED',
  'CHECKED_IN',
  'IN_CONSULTATION',
  'COMPLETED',
  'CANCELLED',
  'NOSHOW',
];
const STEPS: Record<BookingStatus, string> = {
  BOOKED: '. x . . x x',
  CHECKED_IN: '. . x . x x',
  IN_CONSULTATION: '. . . x . .',
  COMPLETED: '. . . . . .',
  CANCELLED: '. . . . . .',
  NOSHOW: 'x . . . . .',
};

const CASES = ORDER.flatMap((from) =>
  STEPS[from].split(' ').map((mark, column) => ({
    from,
    to: ORDER[column] ?? from,
    allowed: mark === 'x',
  })),
);

function reachableFrom(start: BookingStatus): Set<BookingStatus> {
  const seen = new Set<BookingStatus>([start]);
  // A set takes in what is added while it is walked; six statuses bound the walk.
  for (const status of seen) TRANSITIONS[status].forEach((next) => seen.add(next));
  return seen;
}

describe('the transition table', () => {
  it('is written out here for all 36 pairs', () => {
    expect([...ORDER].sort()).toEqual([...BOOKING_STATUSES].sort());
    expect(CASES).toHaveLength(36);
  });

  it.each(CASES)('$from -> $to: $allowed', ({ from, to, allowed }) => {
    expect(canTransition(from, to)).toBe(allowed);
    expect(statusesBefore(to).includes(from)).toBe(allowed);
  });

  it('leaves no status out of reach of a new booking', () => {
    expect([...reachableFrom('BOOKED')].sort()).toEqual([...BOOKING_STATUSES].sort());
  });

  it('ends in COMPLETED and CANCELLED only, and every life can end', () => {
    const final = BOOKING_STATUSES.filter((status) => TRANSITIONS[status].length === 0);
    expect(final).toEqual(['COMPLETED', 'CANCELLED']);
    for (const status of BOOKING_STATUSES)
      expect(final.some((end) => reachableFrom(status).has(end))).toBe(true);
  });

  it('has no step that stays where it is', () => {
    expect(BOOKING_STATUSES.filter((status) => canTransition(status, status))).toEqual([]);
  });

  it('names no status twice in a row', () => {
    for (const next of Object.values(TRANSITIONS)) expect(new Set(next).size).toBe(next.length);
  });
});

describe('the seat', () => {
  it.each<[BookingStatus, boolean, boolean]>([
    ['BOOKED', true, true],
    ['CHECKED_IN', true, true],
    ['IN_CONSULTATION', true, true],
    ['COMPLETED', true, false],
    ['CANCELLED', false, false],
    ['NOSHOW', false, false],
  ])('%s: holds a seat %s, is active %s', (status, seat, active) => {
    expect(holdsSeat(status)).toBe(seat);
    expect(isActive(status)).toBe(active);
  });

  it('is given back by CANCELLED and NOSHOW only, and taken again from NOSHOW only', () => {
    const moves = CASES.filter(
      ({ from, to, allowed }) => allowed && holdsSeat(from) !== holdsSeat(to),
    );
    expect(moves.map(({ from, to }) => `${from} ${to}`)).toEqual([
      'BOOKED CANCELLED',
      'BOOKED NOSHOW',
      'CHECKED_IN CANCELLED',
      'CHECKED_IN NOSHOW',
      'NOSHOW BOOKED',
    ]);
  });
});
