import { createHash } from 'node:crypto';

/** What a draw is for: the same seed and labels give the same number, in whatever order they are asked for. */
export type Labels = readonly (string | number)[];

/**
 * A number from 0 (included) to 1 (not included). It is read from a hash and not from a running
 * generator, so that one draw more or less changes no other: a day stays the same day while its
 * figures are worked on.
 */
export function uniform(seed: number, ...labels: Labels): number {
  const digest = createHash('sha256')
    .update([seed, ...labels].join('/'))
    .digest();
  return digest.readUIntBE(0, 6) / 2 ** 48;
}

/** A number of the normal distribution with mean 0 and deviation 1 (Box and Muller 1958). */
export function standardNormal(seed: number, ...labels: Labels): number {
  const radius = Math.sqrt(-2 * Math.log(1 - uniform(seed, ...labels, 'radius')));
  return radius * Math.cos(2 * Math.PI * uniform(seed, ...labels, 'angle'));
}

/** A lognormal distribution by what it is known for in the field: its mean and deviation / mean. */
export interface Lognormal {
  readonly mean: number;
  readonly coefficientOfVariation: number;
}

/** The value of a lognormal distribution at a standard normal number. */
export function lognormalAt(distribution: Lognormal, normal: number): number {
  const variance = Math.log(1 + distribution.coefficientOfVariation ** 2);
  const median = Math.log(distribution.mean) - variance / 2;
  return Math.exp(median + Math.sqrt(variance) * normal);
}

/**
 * The choice that a number from 0 to 1 falls on. Weights are not negative, not all 0, and need no
 * particular sum.
 */
export function choose<T>(choices: readonly (readonly [T, number])[], at: number): T {
  const total = choices.reduce((sum, [, weight]) => sum + weight, 0);
  let left = at * total;
  for (const [choice, weight] of choices) {
    if (left < weight) return choice;
    left -= weight;
  }
  // Rounding may leave a crumb behind the last weight.
  return (choices.at(-1) as readonly [T, number])[0];
}
