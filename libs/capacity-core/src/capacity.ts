import { TIERS, type Tier } from './types';

/**
 * Seats of one slot. The buffers lie on top of `base` and are opened by tier; all limits are on
 * ONE count, so a higher tier stretches the slot and never needs a seat of its own.
 */
export interface Capacity {
  /** Seats for every tier, 1 to 200. */
  readonly base: number;
  /** Further seats for PREMIUM and above, 0 to 100. */
  readonly premiumBuffer: number;
  /** Further seats for CRITICAL only, 0 to 100. */
  readonly emergencyBuffer: number;
}

/** Seed rule: 10 standard patients, 12 with paid and follow-up, 15 with emergencies. */
export const DEFAULT_CAPACITY: Capacity = { base: 10, premiumBuffer: 2, emergencyBuffer: 3 };

/** Seed rule: a late doctor shrinks what holds for all but emergencies to 80 %. */
export const DELAYED_PERCENT = 80;

/** The limit of a tier on the slot's one count, without a delay. */
export function limitOf(capacity: Capacity, tier: Tier): number {
  switch (tier) {
    case 'STANDARD':
      return capacity.base;
    case 'PREMIUM':
      return capacity.base + capacity.premiumBuffer;
    case 'CRITICAL':
      return totalSeats(capacity);
  }
}

/** Every seat a slot can ever give: base and both buffers. `bookedCount` never exceeds it. */
export function totalSeats(capacity: Capacity): number {
  return capacity.base + capacity.premiumBuffer + capacity.emergencyBuffer;
}

/**
 * The limit that holds now: while delayed, floor(limit x 80 / 100) for every tier but CRITICAL.
 * The product is taken before the division, so that no fraction is ever rounded.
 */
export function effectiveLimit(capacity: Capacity, tier: Tier, isDelayed: boolean): number {
  const limit = limitOf(capacity, tier);
  if (!isDelayed || tier === 'CRITICAL') return limit;
  return Math.floor((limit * DELAYED_PERCENT) / 100);
}

/** One number per tier. */
export type PerTier = Readonly<Record<Tier, number>>;

/** The effective limits of all tiers. */
export function effectiveLimits(capacity: Capacity, isDelayed: boolean): PerTier {
  return perTier((tier) => effectiveLimit(capacity, tier, isDelayed));
}

/** How many more bookings each tier would still be admitted for, never below 0. */
export function remainingSeats(
  capacity: Capacity,
  isDelayed: boolean,
  bookedCount: number,
): PerTier {
  return perTier((tier) => Math.max(0, effectiveLimit(capacity, tier, isDelayed) - bookedCount));
}

/** The tiers that would still be admitted, lowest first. */
export function openTiers(capacity: Capacity, isDelayed: boolean, bookedCount: number): Tier[] {
  return TIERS.filter((tier) => bookedCount < effectiveLimit(capacity, tier, isDelayed));
}

function perTier(numberOf: (tier: Tier) => number): PerTier {
  return {
    STANDARD: numberOf('STANDARD'),
    PREMIUM: numberOf('PREMIUM'),
    CRITICAL: numberOf('CRITICAL'),
  };
}
