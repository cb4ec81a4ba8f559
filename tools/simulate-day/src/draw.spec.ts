/**
 * Goal: draws are the same on every machine and have the distribution they are named after.
 * Method: known values of one seed; means and deviations over many draws.
 */
import { choose, lognormalAt, standardNormal, uniform } from './draw';
import { CONSULTATION_MINUTES } from './figures';

function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function deviationOf(values: readonly number[]): number {
  const mean = meanOf(values);
  return Math.sqrt(meanOf(values.map((value) => (value - mean) ** 2)));
}

const MANY = Array.from({ length: 20_000 }, (_, at) => at);

describe('a draw', () => {
  it('is the first 48 bits of the SHA-256 of seed and labels', () => {
    // printf '7/1/type' | sha256sum, its first 12 digits over 2^48.
    expect(uniform(7, 1, 'type')).toBe(0xb0e4616f9c58 / 2 ** 48);
  });

  it('changes with the seed and with every label', () => {
    const draws = [uniform(7, 1, 'a'), uniform(8, 1, 'a'), uniform(7, 2, 'a'), uniform(7, 1, 'b')];
    expect(new Set(draws).size).toBe(4);
  });

  it('spreads evenly from 0 to 1', () => {
    const draws = MANY.map((at) => uniform(1, at));
    expect(Math.min(...draws)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...draws)).toBeLessThan(1);
    expect(meanOf(draws)).toBeCloseTo(0.5, 2);
    expect(deviationOf(draws)).toBeCloseTo(Math.sqrt(1 / 12), 2);
  });

  it('is normal where it says so', () => {
    const draws = MANY.map((at) => standardNormal(1, at));
    expect(Math.abs(meanOf(draws))).toBeLessThan(0.03);
    expect(deviationOf(draws)).toBeCloseTo(1, 1);
    const within = draws.filter((draw) => Math.abs(draw) < 1.96).length / draws.length;
    expect(within).toBeCloseTo(0.95, 2);
  });

  it('gives consultations of 6 minutes in the mean, spread as the literature says', () => {
    const draws = MANY.map((at) => lognormalAt(CONSULTATION_MINUTES, standardNormal(1, at)));
    expect(meanOf(draws)).toBeCloseTo(6, 0);
    expect(deviationOf(draws) / meanOf(draws)).toBeCloseTo(0.6, 1);
    expect(Math.min(...draws)).toBeGreaterThan(0);
  });
});

describe('a choice', () => {
  const CHOICES = [
    ['never', 0],
    ['seldom', 1],
    ['often', 3],
  ] as const;

  it.each([
    [0, 'seldom'],
    [0.249, 'seldom'],
    [0.25, 'often'],
    [0.999_999, 'often'],
    [1, 'often'],
  ])('at %d is %s', (at, expected) => {
    expect(choose(CHOICES, at)).toBe(expected);
  });
});
