/** What the command line asks for: one seed step by step, or a range of them. */
export type Asked =
  { readonly replay: number } | { readonly seeds: { readonly from: number; readonly to: number } };

const USAGE = 'Usage: npm run simulate -- --seeds 1..10000 | --replay SEED';

/** @throws Error with the usage, if the arguments are none of these. */
export function parseArguments(args: readonly string[]): Asked {
  const [option, value = '', ...others] = args;
  if (others.length > 0) throw new Error(USAGE);
  if (option === undefined) return { seeds: { from: 1, to: 1_000 } };
  if (option === '--replay' && /^\d{1,9}$/.test(value)) return { replay: Number(value) };
  const [, from, to] = /^(\d{1,9})\.\.(\d{1,9})$/.exec(value) ?? [];
  const seeds = { from: Number(from), to: Number(to) };
  if (option !== '--seeds' || !(seeds.from <= seeds.to)) throw new Error(USAGE);
  return { seeds };
}
