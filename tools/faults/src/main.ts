import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { RealClinic } from './clinic';
import { runRounds } from './run-rounds';

const HELP = `npm run faults -- [options]
  --rounds N    how many rounds (10)
  --from N      number of the first round (0)
  --races N     races of 200 for a last seat, before the rounds (0)
  --seed N      what decides every round (1)
  --out FILE    where the result goes, as JSON (none)
  --dist DIR    where the built APIs lie (dist/apps)
Ends with 1 if a promise was broken, with 2 if the options are wrong.`;

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      rounds: { type: 'string', default: '10' },
      from: { type: 'string', default: '0' },
      races: { type: 'string', default: '0' },
      seed: { type: 'string', default: '1' },
      dist: { type: 'string', default: 'dist/apps' },
      out: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  const { rounds, from, seed, races } = {
    rounds: Number(values.rounds),
    from: Number(values.from),
    seed: Number(values.seed),
    races: Number(values.races),
  };
  const numbers = [rounds, from, seed, races];
  if (values.help || !numbers.every((number) => Number.isInteger(number) && Number(number) >= 0)) {
    console.log(HELP);
    return values.help ? 0 : 2;
  }
  const clinic = await RealClinic.start(values.dist);
  try {
    const result = await runRounds(clinic, { rounds, from, seed, races });
    if (values.out) {
      await mkdir(join(values.out, '..'), { recursive: true });
      await writeFile(values.out, `${JSON.stringify(result, null, 2)}\n`);
    }
    return result.findings.length === 0 ? 0 : 1;
  } finally {
    await clinic.stop();
  }
}

void main().then(
  (status) => process.exit(status),
  (error: unknown) => {
    console.error(error);
    process.exit(1);
  },
);
