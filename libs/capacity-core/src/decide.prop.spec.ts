/**
 * Goal: what is promised of a slot holds for every capacity, delay and order of events.
 * Method: fast-check plays random days on one slot: bookings, cancellations, missed visits and their
 * return, delays, changes of capacity. The day keeps its own list of bookings and counts them itself;
 * after every event the promises are checked. A failure prints the seed and the shortest such day.
 */
import fc from 'fast-check';
import { effectiveLimit, limitOf, totalSeats, type Capacity } from './capacity';
import { decide, type Decision, type SeatRequest, type SlotState } from './decide';
import { canTransition } from './transitions';
import {
  BOOKING_TYPES,
  TIERS,
  holdsSeat,
  tierOf,
  type BookingStatus,
  type BookingType,
  type Tier,
} from './types';

const BOUNDS = { activeBookingsPerPatient: 0, bookingsOfPatientInSlot: 3, bookingsInSlot: 200 };
const TYPE_OF_TIER: Record<Tier, BookingType> = {
  STANDARD: 'WALKIN',
  PREMIUM: 'PAID',
  CRITICAL: 'EMERGENCY',
};

const capacities: fc.Arbitrary<Capacity> = fc.record({
  base: fc.integer({ min: 1, max: 12 }),
  premiumBuffer: fc.integer({ min: 0, max: 5 }),
  emergencyBuffer: fc.integer({ min: 0, max: 5 }),
});
const types = fc.constantFrom(...BOOKING_TYPES);
const nth = fc.nat({ max: 30 });

type DayEvent =
  | { kind: 'book'; type: BookingType }
  | { kind: 'give back'; status: 'CANCELLED' | 'NOSHOW'; nth: number }
  | { kind: 'reinstate'; nth: number }
  | { kind: 'delay'; isDelayed: boolean }
  | { kind: 'capacity'; capacity: Capacity };

const dayEvents: fc.Arbitrary<DayEvent> = fc.oneof(
  { weight: 8, arbitrary: fc.record({ kind: fc.constant('book'), type: types }) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('give back'),
      status: fc.constantFrom('CANCELLED', 'NOSHOW'),
      nth,
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('reinstate'), nth }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('delay'), isDelayed: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('capacity'), capacity: capacities }) },
);

interface Visit {
  type: BookingType;
  tokenNumber: number;
  status: BookingStatus;
}

/** One slot through one day. Its list of visits is the truth that every count is held against. */
class Day {
  readonly visits: Visit[] = [];
  private slot: SlotState;

  constructor(capacity: Capacity) {
    this.slot = {
      status: 'OPEN',
      startsAtMs: 1_000,
      endsAtMs: 2_000,
      capacity,
      isDelayed: false,
      bookedCount: 0,
      lastTokenNumber: 0,
      bookingsInSlot: 0,
    };
  }

  play(event: DayEvent): void {
    switch (event.kind) {
      case 'book':
        return this.book(event.type);
      case 'give back':
        return this.giveBack(event.nth, event.status);
      case 'reinstate':
        return this.reinstate(event.nth);
      case 'delay':
        this.slot = { ...this.slot, isDelayed: event.isDelayed };
        return;
      case 'capacity':
        return this.changeCapacity(event.capacity);
    }
  }

  private book(type: BookingType): void {
    const decision = this.ask({ type });
    if (!decision.admitted) return;
    const { tokenNumber, slotAfter } = decision.admission;
    // Strictly above every token ever given, cancelled ones included: so none is ever reused.
    const given = this.visits.map((visit) => visit.tokenNumber);
    expect(tokenNumber).toBeGreaterThan(Math.max(0, ...given));
    this.visits.push({ type, tokenNumber, status: 'BOOKED' });
    this.slot = slotAfter;
  }

  private reinstate(nth: number): void {
    const missed = this.visits.filter(({ status }) => canTransition(status, 'BOOKED'));
    const visit = missed[nth % missed.length];
    if (!visit) return;
    const decision = this.ask({ type: visit.type, keepsTokenNumber: visit.tokenNumber });
    if (!decision.admitted) return;
    expect(decision.admission.tokenNumber).toBe(visit.tokenNumber);
    visit.status = 'BOOKED';
    this.slot = decision.admission.slotAfter;
  }

  private giveBack(nth: number, status: 'CANCELLED' | 'NOSHOW'): void {
    const able = this.visits.filter((visit) => canTransition(visit.status, status));
    const visit = able[nth % able.length];
    if (!visit) return;
    visit.status = status;
    this.slot = { ...this.slot, bookedCount: this.slot.bookedCount - 1 };
    // The very next one sees the seat.
    if (this.held() < effectiveLimit(this.slot.capacity, 'STANDARD', this.slot.isDelayed))
      expect(this.ask({ type: 'ONLINE' }).admitted).toBe(true);
  }

  private changeCapacity(capacity: Capacity): void {
    if (totalSeats(capacity) < this.held()) return;
    this.slot = { ...this.slot, capacity };
  }

  private held(): number {
    return this.visits.filter(({ status }) => holdsSeat(status)).length;
  }

  private ask(wish: Pick<SeatRequest, 'type' | 'keepsTokenNumber'>): Decision {
    const request = { ...wish, atMs: 0, activeBookings: 0, patientBookingsInSlot: 0 };
    // A decision that wrote into what it was given would throw.
    const decision = decide(Object.freeze(this.slot), Object.freeze(request), BOUNDS);
    if (decision.admitted) this.checkAdmission(wish.type);
    else this.checkRefusal(wish.type, decision);
    return decision;
  }

  private checkAdmission(type: BookingType): void {
    const { capacity, isDelayed } = this.slot;
    expect(this.held() + 1).toBeLessThanOrEqual(effectiveLimit(capacity, tierOf(type), isDelayed));
  }

  private checkRefusal(type: BookingType, decision: Decision & { admitted: false }): void {
    const { capacity, isDelayed } = this.slot;
    const tier = tierOf(type);
    expect(decision.refusal).toEqual({
      code: 'SLOT_FULL',
      bookingType: type,
      tier,
      bookedCount: this.held(),
      limit: effectiveLimit(capacity, tier, isDelayed),
      undelayedLimit: limitOf(capacity, tier),
      isDelayed,
      openTiers: this.tiersAdmitted(),
    });
    expect(this.held()).toBeGreaterThanOrEqual(effectiveLimit(capacity, tier, isDelayed));
  }

  /** What each tier is told if it asks now. */
  private tiersAdmitted(): Tier[] {
    const request = { atMs: 0, activeBookings: 0, patientBookingsInSlot: 0 };
    return TIERS.filter(
      (tier) => decide(this.slot, { ...request, type: TYPE_OF_TIER[tier] }, BOUNDS).admitted,
    );
  }

  checkPromises(): void {
    const { bookedCount, bookingsInSlot, lastTokenNumber, capacity } = this.slot;
    const all = this.visits.length;
    expect({ bookedCount, bookingsInSlot, lastTokenNumber }).toEqual({
      bookedCount: this.held(),
      bookingsInSlot: all,
      lastTokenNumber: all,
    });
    expect(bookedCount).toBeLessThanOrEqual(totalSeats(capacity));
    // A higher tier is admitted whenever a lower one is: the open tiers are a tail of the list.
    const admitted = this.tiersAdmitted();
    expect(admitted).toEqual(TIERS.slice(TIERS.length - admitted.length));
  }
}

// Two hundred days take three seconds on a quiet machine; a busy one gets more time, not fewer days.
jest.setTimeout(60_000);

describe('a day on one slot', () => {
  it('keeps every promise, whatever happens in whatever order', () => {
    const days = fc.array(dayEvents, { maxLength: 50, size: 'max' });
    fc.assert(
      fc.property(capacities, days, (capacity, events) => {
        const day = new Day(capacity);
        for (const event of events) {
          day.play(event);
          day.checkPromises();
        }
      }),
      { numRuns: 200 },
    );
  });

  it('of bookings only ends exactly at the limit of the last tier that asked', () => {
    fc.assert(
      fc.property(capacities, types, fc.boolean(), (capacity, type, isDelayed) => {
        const day = new Day(capacity);
        day.play({ kind: 'delay', isDelayed });
        for (let asked = 0; asked < 25; asked += 1) day.play({ kind: 'book', type });
        expect(day.visits).toHaveLength(effectiveLimit(capacity, tierOf(type), isDelayed));
      }),
    );
  });
});
