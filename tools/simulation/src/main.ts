import { lineOf } from './history';
import { parseArguments } from './arguments';
import { playSeed, simulate } from './simulate';
import type { Violation } from './world/world';

/** Prints what one seed did, step by step, and what of it was wrong. */
async function replay(seed: number): Promise<boolean> {
  const { chronicle, violations } = await playSeed(seed);
  for (const operation of chronicle.history) console.log(lineOf(operation));
  console.log('states that a majority had:');
  for (const snapshot of chronicle.committed)
    console.log(
      Object.values(snapshot)
        .map((slot) => `${slot['_id']} v${slot['version']} ${slot['bookedCount']} booked`)
        .join(' | '),
    );
  console.log('in the end:', JSON.stringify(chronicle.committed.at(-1), undefined, 1));
  const struck = Object.entries(chronicle.faults).filter(([, count]) => count > 0);
  console.log('faults:', JSON.stringify(Object.fromEntries(struck)));
  console.log('violations:', JSON.stringify(violations, undefined, 1));
  return violations.length === 0;
}

function printFailure(seed: number, violations: readonly Violation[]): void {
  const rules = [...new Set(violations.map(({ rule, detail }) => `${rule} (${detail})`))];
  console.error(`seed ${seed}: ${rules.join(', ')}`);
  console.error(`  replay: npm run simulate -- --replay ${seed}`);
}

async function main(): Promise<boolean> {
  const asked = parseArguments(process.argv.slice(2));
  if ('replay' in asked) return replay(asked.replay);
  const result = await simulate(asked.seeds, printFailure);
  const { violations, ...sums } = result;
  console.log(JSON.stringify({ ...sums, violations: violations.length }, undefined, 2));
  return violations.length === 0;
}

main().then(
  (isSound) => (process.exitCode = isSound ? 0 : 1),
  (error: unknown) => {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 2;
  },
);
