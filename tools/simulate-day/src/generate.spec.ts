/**
 * Goal: the same seed gives the same bytes, every generated file can be played, and many generated
 * patients together behave as the published figures say.
 * Method: files made here and read back; the shipped file made again; shares over 40,000 arrivals,
 * held against bounds of four standard deviations.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { BOOKING_TYPES, tierOf } from '@opd/capacity-core';
import { readArrivals, type Arrival } from './arrivals';
import { SHIPPED_DAY } from './arguments';
import { TYPE_FIGURES } from './figures';
import { generateDay } from './generate';

function read(text: string): Arrival[] {
  const arrivals = readArrivals(text, 60);
  if (!arrivals.ok) throw new Error(arrivals.problems.join('\n'));
  return arrivals.value;
}

function shareOf(arrivals: readonly Arrival[], holds: (arrival: Arrival) => boolean): number {
  return arrivals.filter(holds).length / arrivals.length;
}

describe('the seed', () => {
  it('decides every byte', () => {
    const size = { seed: 11, doctors: 4, arrivals: 300 };
    expect(generateDay(size)).toBe(generateDay(size));
    expect(generateDay({ ...size, seed: 12 })).not.toBe(generateDay(size));
  });

  it('has made the shipped day, which holds what it must', () => {
    const shipped = readFileSync(join(__dirname, '../../..', SHIPPED_DAY), 'utf8');
    expect(shipped === generateDay({ seed: 7, doctors: 12, arrivals: 1_500 })).toBe(true);

    const arrivals = read(shipped);
    expect(arrivals).toHaveLength(1_500);
    expect(new Set(arrivals.map(({ doctorId }) => doctorId)).size).toBe(12);
  });
});

describe('a generated day', () => {
  const arrivals = read(generateDay({ seed: 3, doctors: 20, arrivals: 40_000 }));

  it('is in the order of the minutes, and each patient asks once under a made-up name', () => {
    const minutes = arrivals.map(({ minute }) => minute);
    expect(minutes).toEqual(minutes.toSorted((one, other) => one - other));
    expect(new Set(arrivals.map(({ patient }) => patient)).size).toBe(40_000);
    expect(arrivals.every(({ patient }) => /^Patient \d{5}$/.test(patient))).toBe(true);
  });

  it.each(BOOKING_TYPES)('has the figures of %s', (type) => {
    const ofType = arrivals.filter((arrival) => arrival.type === type);
    const { share, noShowRate, cancelRate } = TYPE_FIGURES[type];
    const near = (actual: number, expected: number, count: number) => {
      const deviation = Math.sqrt((expected * (1 - expected)) / count);
      expect(Math.abs(actual - expected)).toBeLessThanOrEqual(4 * deviation);
    };
    near(ofType.length / arrivals.length, share, arrivals.length);
    near(
      shareOf(ofType, ({ outcome }) => outcome === 'NOSHOW'),
      noShowRate,
      ofType.length,
    );
    near(
      shareOf(ofType, ({ outcome }) => outcome === 'CANCEL'),
      cancelRate,
      ofType.length,
    );
  });

  it('asks for about one emergency and two premium seats per slot at the load of the shipped day', () => {
    const perSlot = 1_500 / 96;
    const tierShare = (tier: string) => shareOf(arrivals, (each) => tierOf(each.type) === tier);
    expect(tierShare('CRITICAL') * perSlot).toBeCloseTo(1, 1);
    expect(tierShare('PREMIUM') * perSlot).toBeCloseTo(2, 1);
  });

  it('asks from home early enough, and never before the day has begun', () => {
    const fromHome = arrivals.filter(({ type }) => TYPE_FIGURES[type].leadMinutes);
    expect(fromHome.every(({ startMinute, minute }) => startMinute - minute >= 5)).toBe(true);
    // Whoever would have asked the day before, asks at midnight: few, and never negative.
    const atMidnight = shareOf(fromHome, ({ minute }) => minute === 0);
    expect(atMidnight).toBeGreaterThan(0);
    expect(atMidnight).toBeLessThan(0.03);
  });

  it('has walk-ins at the door about the slot, and emergencies in it', () => {
    const before = ({ startMinute, minute }: Arrival) => startMinute - minute;
    const walkIns = arrivals.filter(({ type }) => type === 'WALKIN').map(before);
    expect([Math.max(...walkIns), Math.min(...walkIns)]).toEqual([15, -49]);
    const emergencies = arrivals.filter(({ type }) => type === 'EMERGENCY').map(before);
    expect([Math.max(...emergencies) + 0, Math.min(...emergencies)]).toEqual([0, -54]);
  });
});

describe('the shares of the types', () => {
  it('are all of the arrivals', () => {
    const shares = BOOKING_TYPES.map((type) => TYPE_FIGURES[type].share);
    expect(shares.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 12);
  });
});
