import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RealClinic } from './clinic';
import { FAULT_KINDS, type FaultKind } from './faults';
import type { Finding } from './judge-answers';
import { raceForLastSeats, type RaceResult } from './last-seat';
import { judgeRound, type RoundVerdict } from './judge';
import { signInPeople } from './people';
import { planRound, ROUND } from './plan';
import { playRound, type RoundRecord } from './round';

/** Which rounds are played. */
export interface RoundsWanted {
  readonly seed: number;
  readonly from: number;
  readonly rounds: number;
  /** Races for a last seat, before the rounds. */
  readonly races: number;
}

/** What one kind of fault did in all rounds. */
export interface KindTally {
  /** How often it struck. */
  struck: number;
  /** How often there was a write on its way to what it hit. */
  hitWrites: number;
}

/** The result of a run, as it is written to a file. */
export interface FaultsResult extends Omit<RoundsWanted, 'races'> {
  readonly races: RaceResult;
  readonly tookSeconds: number;
  readonly kinds: Record<FaultKind, KindTally>;
  readonly requests: number;
  readonly unknown: number;
  readonly healthy: number;
  readonly healthyAndAnswered: number;
  readonly healthyButNot: Record<string, number>;
  readonly slowestMs: number;
  readonly late: number;
  readonly longestGapMs: number;
  readonly longestGapFaults: readonly FaultKind[];
  readonly bookableAfterMs: readonly number[];
  readonly findings: readonly (Finding & { readonly round: number })[];
}

const SPARE_PATIENTS = 4;
/** Of the healthy requests at least this share is done or refused for a true reason. */
const HEALTHY_SHARE = 0.99;

/** Plays the rounds one after the other and prints a line for each. */
export async function runRounds(clinic: RealClinic, wanted: RoundsWanted): Promise<FaultsResult> {
  const startedAtMs = performance.now();
  const people = await signInPeople(clinic.apis, ROUND.patients + SPARE_PATIENTS);
  console.log(`Everything is up; ${wanted.rounds} rounds with seed ${wanted.seed}.`);
  const races = await raceForLastSeats(clinic, people, wanted.races);
  console.log(`${races.races} last seats, each wanted by 200: ${races.findings.length} findings.`);
  for (const finding of races.findings) console.log(`  ${finding}`);
  const tally = new Tally(wanted, races);
  for (let index = wanted.from; index < wanted.from + wanted.rounds; index++) {
    const atMs = performance.now();
    const round = await playRound({ index, plan: planRound(wanted.seed, index), clinic, people });
    const verdict = await judgeRound(round, clinic.db);
    tally.add(index, round, verdict);
    console.log(
      `${lineOf(index, round, verdict)} (${((performance.now() - atMs) / 1_000).toFixed(1)} s)`,
    );
    if (verdict.findings.length > 0)
      await explain({ index, seed: wanted.seed }, { round, verdict }, clinic);
    // The same patients come again: what they booked in this round must not slow the next one down.
    else await clinic.db.collection('slots').deleteMany({ doctorId: round.doctorId });
    if (round.healthyAtMs === undefined) break;
  }
  const result = tally.result((performance.now() - startedAtMs) / 1_000);
  printEnd(result);
  return result;
}

class Tally {
  readonly #verdicts: { index: number; round: RoundRecord; verdict: RoundVerdict }[] = [];

  constructor(
    private readonly wanted: RoundsWanted,
    private readonly races: RaceResult,
  ) {}

  add(index: number, { faults, ...round }: RoundRecord, verdict: RoundVerdict): void {
    // Only what is counted is kept: hundreds of rounds would not fit.
    const slim = { ...round, faults, calls: [], visits: [], changes: [] };
    this.#verdicts.push({ index, round: slim, verdict });
  }

  result(tookSeconds: number): FaultsResult {
    const figures = this.#verdicts.map(({ verdict }) => verdict.figures);
    const sum = (of: (one: (typeof figures)[number]) => number) =>
      figures.reduce((total, one) => total + of(one), 0);
    const healthyButNot: Record<string, number> = {};
    for (const [code, count] of figures.flatMap((one) => Object.entries(one.healthyButNot)))
      healthyButNot[code] = (healthyButNot[code] ?? 0) + count;
    const longest = [...this.#verdicts].sort(
      (a, b) => b.verdict.figures.longestGapMs - a.verdict.figures.longestGapMs,
    )[0];
    return {
      ...this.wanted,
      rounds: this.#verdicts.length,
      races: this.races,
      tookSeconds: Math.round(tookSeconds),
      kinds: this.#kinds(),
      requests: sum(({ requests }) => requests),
      unknown: sum(({ unknown }) => unknown),
      healthy: sum(({ healthy }) => healthy),
      healthyAndAnswered: sum(({ healthyAndAnswered }) => healthyAndAnswered),
      healthyButNot,
      late: sum(({ late }) => late),
      slowestMs: Math.max(0, ...figures.map(({ slowestMs }) => slowestMs)),
      longestGapMs: longest?.verdict.figures.longestGapMs ?? 0,
      longestGapFaults: longest?.round.faults.map(({ kind }) => kind) ?? [],
      bookableAfterMs: figures.flatMap(({ bookableAfterMs }) => bookableAfterMs),
      findings: [...this.#findingsOfRounds(), ...this.#findingsOfAll(sum)],
    };
  }

  #kinds(): Record<FaultKind, KindTally> {
    const kinds = Object.fromEntries(
      FAULT_KINDS.map((kind) => [kind, { struck: 0, hitWrites: 0 }]),
    ) as Record<FaultKind, KindTally>;
    for (const { round } of this.#verdicts)
      for (const { kind, struckAtMs, hits } of round.faults) {
        if (struckAtMs === undefined) continue;
        kinds[kind].struck += 1;
        if (hits > 0) kinds[kind].hitWrites += 1;
      }
    return kinds;
  }

  #findingsOfRounds() {
    return this.#verdicts.flatMap(({ index, verdict }) =>
      verdict.findings.map((finding) => ({ ...finding, round: index })),
    );
  }

  /** What only shows over all rounds: too few answers in health, a kind that never met a write. */
  #findingsOfAll(sum: (of: (one: RoundVerdict['figures']) => number) => number) {
    const round = -1;
    const share = sum((one) => one.healthyAndAnswered) / sum((one) => one.healthy);
    const missed = Object.entries(this.#kinds()).filter(
      ([, { struck, hitWrites }]) => struck > 0 && hitWrites === 0,
    );
    return [
      ...this.races.findings.map((detail) => ({ rule: 'LAST_SEAT', detail, round })),
      ...(share < HEALTHY_SHARE
        ? [{ rule: 'HEALTHY_SHARE', detail: `${(share * 100).toFixed(2)} %`, round }]
        : []),
      ...missed.map(([kind]) => ({ rule: 'NO_WRITE_HIT', detail: kind, round })),
    ];
  }
}

function lineOf(index: number, round: RoundRecord, verdict: RoundVerdict): string {
  const faults = round.faults.map(({ kind, struckAtMs, hits }) =>
    struckAtMs === undefined ? `${kind} (nothing to hit)` : `${kind} (${hits} hit)`,
  );
  const { requests, unknown, longestGapMs } = verdict.figures;
  const findings = verdict.findings.length === 0 ? 'ok' : `${verdict.findings.length} FINDINGS`;
  const busy = Object.entries(verdict.figures.healthyButNot)
    .map(([code, count]) => `, in health ${count} ${code}`)
    .join('');
  return `round ${index}: ${faults.join(', ')}; ${requests} requests, ${unknown} unknown, gap ${longestGapMs} ms${busy}; ${findings}`;
}

/** A broken promise: prints it with the way to see it again, and keeps all that is known. */
async function explain(
  { index, seed }: { index: number; seed: number },
  { round, verdict: { findings } }: { round: RoundRecord; verdict: RoundVerdict },
  clinic: RealClinic,
): Promise<void> {
  for (const { rule, detail } of findings) console.log(`  ${rule}: ${detail}`);
  const file = join(tmpdir(), `opd-faults-seed-${seed}-round-${index}.json`);
  const documents = await clinic.db
    .collection('slots')
    .find({ doctorId: round.doctorId })
    .toArray()
    .catch(() => []);
  const replacer = (key: string, value: unknown) => (/token$/i.test(key) ? undefined : value);
  await writeFile(file, JSON.stringify({ findings, round, documents }, replacer, 1));
  console.log(`  everything about it: ${file}`);
  console.log(`  again: npm run faults -- --seed ${seed} --from ${index} --rounds 1`);
}

function printEnd(result: FaultsResult): void {
  const { rounds, requests, unknown, healthy, healthyAndAnswered, findings } = result;
  for (const [kind, { struck, hitWrites }] of Object.entries(result.kinds))
    console.log(`  ${kind.padEnd(24)} ${struck} struck, ${hitWrites} with a write on its way`);
  console.log(
    `${rounds} rounds in ${result.tookSeconds} s; ${requests} requests, ${unknown} unknown at first; in health ${healthyAndAnswered} of ${healthy} answered; slowest ${result.slowestMs} ms; longest gap ${result.longestGapMs} ms; seed ${result.seed}.`,
  );
  console.log(findings.length === 0 ? 'Every promise was kept.' : `${findings.length} findings.`);
}
