/**
 * Goal: the limits are the seed rule's numbers, for every capacity, delayed or not.
 * Method: the published examples as tables; then what must hold of any capacity, with the delay rule
 * said a second way, in whole numbers without a division.
 */
import fc from 'fast-check';
import {
  DEFAULT_CAPACITY,
  effectiveLimit,
  effectiveLimits,
  limitOf,
  openTiers,
  remainingSeats,
  totalSeats,
  type Capacity,
} from './capacity';
import { BOOKING_TYPES, TIERS, tierOf } from './types';

const capacities: fc.Arbitrary<Capacity> = fc.record({
  base: fc.integer({ min: 1, max: 200 }),
  premiumBuffer: fc.integer({ min: 0, max: 100 }),
  emergencyBuffer: fc.integer({ min: 0, max: 100 }),
});

describe('tierOf', () => {
  it('knows the tier of every type', () => {
    expect(BOOKING_TYPES.map((type) => [type, tierOf(type)])).toEqual([
      ['ONLINE', 'STANDARD'],
      ['WALKIN', 'STANDARD'],
      ['PAID', 'PREMIUM'],
      ['FOLLOWUP', 'PREMIUM'],
      ['EMERGENCY', 'CRITICAL'],
    ]);
  });
});

describe('limits of the seed rule', () => {
  it('are 10, 12 and 15 on one count', () => {
    expect(effectiveLimits(DEFAULT_CAPACITY, false)).toEqual({
      STANDARD: 10,
      PREMIUM: 12,
      CRITICAL: 15,
    });
    expect(totalSeats(DEFAULT_CAPACITY)).toBe(15);
  });

  it('are 8, 9 and 15 while the doctor is late', () => {
    expect(effectiveLimits(DEFAULT_CAPACITY, true)).toEqual({
      STANDARD: 8,
      PREMIUM: 9,
      CRITICAL: 15,
    });
  });

  it.each([
    [1, 0],
    [2, 1],
    [3, 2],
    [4, 3],
    [5, 4],
    [6, 4],
    [9, 7],
    [10, 8],
    [12, 9],
    [14, 11],
    [15, 12],
    [35, 28],
    [200, 160],
  ])('%i seats shrink to %i', (base, delayed) => {
    const capacity = { base, premiumBuffer: 0, emergencyBuffer: 0 };
    expect(effectiveLimit(capacity, 'STANDARD', true)).toBe(delayed);
    expect(effectiveLimit(capacity, 'PREMIUM', true)).toBe(delayed);
    expect(effectiveLimit(capacity, 'CRITICAL', true)).toBe(base);
  });

  it.each([
    { isDelayed: false, bookedCount: 0, remaining: [10, 12, 15], open: TIERS },
    { isDelayed: false, bookedCount: 9, remaining: [1, 3, 6], open: TIERS },
    { isDelayed: false, bookedCount: 10, remaining: [0, 2, 5], open: ['PREMIUM', 'CRITICAL'] },
    { isDelayed: false, bookedCount: 12, remaining: [0, 0, 3], open: ['CRITICAL'] },
    { isDelayed: false, bookedCount: 15, remaining: [0, 0, 0], open: [] },
    { isDelayed: true, bookedCount: 7, remaining: [1, 2, 8], open: TIERS },
    { isDelayed: true, bookedCount: 8, remaining: [0, 1, 7], open: ['PREMIUM', 'CRITICAL'] },
    { isDelayed: true, bookedCount: 9, remaining: [0, 0, 6], open: ['CRITICAL'] },
    { isDelayed: true, bookedCount: 10, remaining: [0, 0, 5], open: ['CRITICAL'] },
    { isDelayed: true, bookedCount: 15, remaining: [0, 0, 0], open: [] },
  ])(
    '$bookedCount booked, delayed $isDelayed: $remaining remain',
    ({ isDelayed, bookedCount, remaining, open }) => {
      const seats = remainingSeats(DEFAULT_CAPACITY, isDelayed, bookedCount);
      expect(TIERS.map((tier) => seats[tier])).toEqual(remaining);
      expect(openTiers(DEFAULT_CAPACITY, isDelayed, bookedCount)).toEqual(open);
    },
  );
});

describe('limits of any capacity', () => {
  it('rise with the tier, delayed or not, and end at the total', () => {
    fc.assert(
      fc.property(capacities, fc.boolean(), (capacity, isDelayed) => {
        const limits = effectiveLimits(capacity, isDelayed);
        expect(limits.STANDARD).toBeLessThanOrEqual(limits.PREMIUM);
        expect(limits.PREMIUM).toBeLessThanOrEqual(limits.CRITICAL);
        expect(limits.CRITICAL).toBe(totalSeats(capacity));
      }),
    );
  });

  it('shrink to the largest whole number that is at most four fifths', () => {
    fc.assert(
      fc.property(capacities, fc.constantFrom('STANDARD', 'PREMIUM'), (capacity, tier) => {
        const limit = limitOf(capacity, tier);
        const delayed = effectiveLimit(capacity, tier, true);
        expect(Number.isInteger(delayed)).toBe(true);
        expect(5 * delayed).toBeLessThanOrEqual(4 * limit);
        expect(5 * (delayed + 1)).toBeGreaterThan(4 * limit);
      }),
    );
  });

  it('a tier is open exactly while seats remain for it', () => {
    const counts = fc.integer({ min: 0, max: 450 });
    fc.assert(
      fc.property(capacities, fc.boolean(), counts, (capacity, isDelayed, bookedCount) => {
        const seats = remainingSeats(capacity, isDelayed, bookedCount);
        const open = openTiers(capacity, isDelayed, bookedCount);
        expect(open).toEqual(TIERS.filter((tier) => seats[tier] > 0));
        expect(Math.min(...TIERS.map((tier) => seats[tier]))).toBeGreaterThanOrEqual(0);
      }),
    );
  });
});
