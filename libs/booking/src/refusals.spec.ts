/**
 * Goal: every refusal of a seat is explained in one sentence, with the facts behind it and nothing
 * personal. Method: one row for every code that a round can refuse with, texts compared whole.
 */
import { PROBLEMS } from '@opd/contracts';
import { invalidField, invalidTransition, notFound, refusalOfWish } from './refusals';
import type { WishRefusal } from './rounds/seat-request';

const full: Extract<WishRefusal, { code: 'SLOT_FULL' }> = {
  code: 'SLOT_FULL',
  bookingType: 'ONLINE',
  tier: 'STANDARD',
  bookedCount: 10,
  limit: 10,
  undelayedLimit: 10,
  isDelayed: false,
  openTiers: ['PREMIUM', 'CRITICAL'],
};

/** One for every code; a new code does not compile until it is here. */
const REASONS: { readonly [Code in WishRefusal['code']]: Extract<WishRefusal, { code: Code }> } = {
  NOT_FOUND: { code: 'NOT_FOUND' },
  SLOT_CLOSED: { code: 'SLOT_CLOSED' },
  SLOT_ENDED: {
    code: 'SLOT_ENDED',
    bookingType: 'ONLINE',
    endedAtMs: Date.parse('2026-11-24T03:30:00.000Z'),
  },
  ALREADY_BOOKED: {
    code: 'ALREADY_BOOKED',
    bookingId: 'bk_7',
    slotId: 'dr-rao_2026-11-24_0900',
    tokenNumber: 7,
  },
  TOO_MANY_ACTIVE_BOOKINGS: { code: 'TOO_MANY_ACTIVE_BOOKINGS', limit: 5 },
  TOO_MANY_BOOKINGS_IN_SLOT: { code: 'TOO_MANY_BOOKINGS_IN_SLOT', limit: 3 },
  SLOT_RECORD_FULL: { code: 'SLOT_RECORD_FULL', limit: 200 },
  SLOT_FULL: full,
  IDEMPOTENCY_KEY_REUSED: { code: 'IDEMPOTENCY_KEY_REUSED' },
  INVALID_TRANSITION: { code: 'INVALID_TRANSITION', from: 'CANCELLED', to: 'BOOKED' },
  SLOT_BUSY: { code: 'SLOT_BUSY' },
};

describe('refusalOfWish', () => {
  it.each(Object.values(REASONS))('gives $code a sentence and a known code', (reason) => {
    const refusal = refusalOfWish(reason);
    expect(refusal.code).toBe(reason.code);
    expect(PROBLEMS).toHaveProperty(refusal.code);
    expect(refusal.detail).toMatch(/^[A-Z0-9].*\.$/s);
    expect(refusal.detail).not.toMatch(/undefined|NaN|\[object/);
  });

  it.each([
    [REASONS.SLOT_CLOSED, undefined],
    [REASONS.SLOT_ENDED, { bookingType: 'ONLINE' }],
    [
      REASONS.ALREADY_BOOKED,
      { bookingId: 'bk_7', slotId: 'dr-rao_2026-11-24_0900', tokenNumber: 7 },
    ],
    [REASONS.TOO_MANY_ACTIVE_BOOKINGS, { limit: 5 }],
    [REASONS.TOO_MANY_BOOKINGS_IN_SLOT, { limit: 3 }],
    [REASONS.SLOT_RECORD_FULL, { limit: 200 }],
    [REASONS.INVALID_TRANSITION, { from: 'CANCELLED', to: 'BOOKED' }],
    [
      REASONS.SLOT_FULL,
      {
        bookingType: 'ONLINE',
        tier: 'STANDARD',
        bookedCount: 10,
        limit: 10,
        undelayedLimit: 10,
        isDelayed: false,
        openTiers: ['PREMIUM', 'CRITICAL'],
      },
    ],
  ])('carries the facts of $code', (reason, facts) => {
    expect(refusalOfWish(reason).extensions).toEqual(facts);
  });

  it.each([
    [full, '10 are booked and STANDARD holds up to 10. Still admitted: PREMIUM, CRITICAL.'],
    [
      { ...full, bookedCount: 8, limit: 8, isDelayed: true },
      '8 are booked and STANDARD holds up to 8, 10 if the doctor were not late. Still admitted: PREMIUM, CRITICAL.',
    ],
    [
      { ...full, tier: 'CRITICAL' as const, bookedCount: 15, limit: 15, openTiers: [] },
      '15 are booked and CRITICAL holds up to 15.',
    ],
  ])('explains a full slot', (reason, detail) => {
    expect(refusalOfWish(reason).detail).toBe(detail);
  });

  it('says when booking ended', () => {
    expect(refusalOfWish(REASONS.SLOT_ENDED).detail).toContain('2026-11-24T03:30:00.000Z');
  });
});

describe('the other refusals', () => {
  it.each(['slot', 'booking', 'patient', 'doctor'] as const)('knows no such %s', (what) => {
    expect(notFound(what)).toEqual({
      ok: false,
      refusal: { code: 'NOT_FOUND', detail: `There is no such ${what}.` },
    });
  });

  it('names a wrong field as the HTTP contract does', () => {
    expect(invalidField('cursor', 'must be a cursor')).toEqual({
      ok: false,
      refusal: {
        code: 'VALIDATION_FAILED',
        detail: 'cursor must be a cursor.',
        extensions: { errors: [{ path: 'cursor', message: 'must be a cursor' }] },
      },
    });
  });

  it('names both ends of a step that is not allowed', () => {
    expect(invalidTransition('COMPLETED', 'CANCELLED')).toMatchObject({
      ok: false,
      refusal: {
        code: 'INVALID_TRANSITION',
        extensions: { from: 'COMPLETED', to: 'CANCELLED' },
      },
    });
  });
});
