/**
 * Goal: `decide` agrees with a second, independent reading of the seed rule, on every small slot.
 * Method: the model below is written from the sentences of the rule, one sentence a line, without a
 * look at the code: it counts seats off by hand and knows nothing of percentages or limits per tier.
 * Every capacity of base 1 to 5 and buffers 0 to 3, delayed or not, open or closed, with every count
 * from none to one above the house, every type and five instants is decided by both.
 */
import type { Capacity } from './capacity';
import { decide, type Decision, type SlotState } from './decide';
import { BOOKING_TYPES, SLOT_STATUSES, type BookingType } from './types';

const STARTS = 1_000;
const ENDS = 2_000;
const INSTANTS = [0, STARTS - 1, STARTS, ENDS - 1, ENDS];

interface Wish {
  type: BookingType;
  atMs: number;
}

/** How many seats of `seats` remain usable while the doctor is late: eight of each full ten tenths. */
function usableWhileLate(seats: number): number {
  let usable = 0;
  while ((usable + 1) * 10 <= seats * 8) usable += 1;
  return usable;
}

/** Why nobody of this type may come now, whatever the seats. */
function modelObjection(slot: SlotState, { type, atMs }: Wish): string | undefined {
  // "A closed slot takes nobody."
  if (slot.status !== 'OPEN') return 'SLOT_CLOSED';
  // "ONLINE closes at the slot's start; the other types at its end; a delay moves neither."
  if (type === 'ONLINE' && atMs >= slot.startsAtMs) return 'SLOT_ENDED';
  if (atMs >= slot.endsAtMs) return 'SLOT_ENDED';
  return undefined;
}

/** The seats that one of this type may see taken before he is refused. */
function modelSeats(slot: SlotState, type: BookingType): number {
  // "Everybody may fill the base; paid and follow-up go on into the premium buffer, emergencies
  // into both. All are counted on one count."
  let seats = slot.capacity.base;
  if (type !== 'ONLINE' && type !== 'WALKIN') seats += slot.capacity.premiumBuffer;
  if (type === 'EMERGENCY') seats += slot.capacity.emergencyBuffer;
  // "While the doctor is late, four fifths of that for all but emergencies."
  return slot.isDelayed && type !== 'EMERGENCY' ? usableWhileLate(seats) : seats;
}

function modelAnswer(slot: SlotState, wish: Wish): string {
  const free = slot.bookedCount < modelSeats(slot, wish.type);
  const seat = free ? `TOKEN ${slot.lastTokenNumber + 1}` : 'SLOT_FULL';
  return modelObjection(slot, wish) ?? seat;
}

function answer(decision: Decision): string {
  return decision.admitted ? `TOKEN ${decision.admission.tokenNumber}` : decision.refusal.code;
}

function upTo(last: number, first = 0): number[] {
  return Array.from({ length: last - first + 1 }, (_, index) => first + index);
}

const CAPACITIES = upTo(5, 1).flatMap((base) =>
  upTo(3).flatMap((premiumBuffer) =>
    upTo(3).map((emergencyBuffer) => ({ base, premiumBuffer, emergencyBuffer })),
  ),
);

function slotsOf(capacity: Capacity): SlotState[] {
  const house = capacity.base + capacity.premiumBuffer + capacity.emergencyBuffer;
  return upTo(house + 1).flatMap((bookedCount) =>
    [false, true].flatMap((isDelayed) =>
      SLOT_STATUSES.map((status) => ({
        ...{ status, capacity, isDelayed, bookedCount },
        ...{ startsAtMs: STARTS, endsAtMs: ENDS },
        ...{ lastTokenNumber: bookedCount + 2, bookingsInSlot: bookedCount + 2 },
      })),
    ),
  );
}

const WISHES: Wish[] = BOOKING_TYPES.flatMap((type) => INSTANTS.map((atMs) => ({ type, atMs })));
const NO_BOUNDS = {
  activeBookingsPerPatient: 0,
  bookingsOfPatientInSlot: Infinity,
  bookingsInSlot: Infinity,
};

function compare(slot: SlotState, wish: Wish) {
  const request = { ...wish, activeBookings: 0, patientBookingsInSlot: 0 };
  const actual = answer(decide(slot, request, NO_BOUNDS));
  return { slot, wish, expected: modelAnswer(slot, wish), actual };
}

describe('decide and the model', () => {
  const comparisons = CAPACITIES.flatMap(slotsOf).flatMap((slot) =>
    WISHES.map((wish) => compare(slot, wish)),
  );

  it('give the same answer on every small slot', () => {
    const disagreements = comparisons.filter(({ expected, actual }) => expected !== actual);
    expect(disagreements.slice(0, 3)).toEqual([]);
    // 5 x 4 x 4 capacities with 8 counts in the mean, delayed or not, open or closed, 25 wishes.
    expect(comparisons).toHaveLength(80 * 8 * 2 * 2 * 25);
  });

  it.each(['TOKEN', 'SLOT_FULL', 'SLOT_ENDED', 'SLOT_CLOSED'])(
    'agree not by silence: %s is a common answer',
    (kind) => {
      const given = comparisons.filter(({ expected }) => expected.startsWith(kind));
      expect(given.length).toBeGreaterThan(5_000);
    },
  );
});
