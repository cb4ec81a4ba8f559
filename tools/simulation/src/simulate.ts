import { violationsOf } from './check/check';
import { noFaults, type FaultCounts } from './world/faults';
import { playWorld, type Chronicle, type Violation } from './world/world';

/** One world, played and checked. */
export interface PlayedSeed {
  readonly chronicle: Chronicle;
  readonly violations: readonly Violation[];
}

/** Plays the world of a seed and checks everything that it left behind. */
export async function playSeed(seed: number): Promise<PlayedSeed> {
  const chronicle = await playWorld(seed);
  return { chronicle, violations: violationsOf(chronicle) };
}

/** What many seeds showed, for the reliability report. The store, locks, network and time were simulated. */
export interface SimulationResult {
  readonly kind: 'simulated store';
  readonly seeds: { readonly from: number; readonly to: number };
  readonly histories: number;
  readonly operations: number;
  /** Steps of the schedulers: each is a place where things could have come in another order. */
  readonly schedules: number;
  readonly faults: FaultCounts;
  readonly statesRolledBack: number;
  readonly answers: Readonly<Record<string, number>>;
  readonly violations: readonly {
    readonly seed: number;
    readonly rule: string;
    readonly detail: string;
  }[];
  readonly tookMs: number;
}

/** Plays the worlds of all seeds of a range, both ends included. */
export async function simulate(
  seeds: { readonly from: number; readonly to: number },
  onFailure: (seed: number, violations: readonly Violation[]) => void = () => undefined,
): Promise<SimulationResult> {
  const startedMs = performance.now();
  const faults = noFaults();
  const answers: Record<string, number> = {};
  const violations: { seed: number; rule: string; detail: string }[] = [];
  const sums = { histories: 0, operations: 0, schedules: 0, statesRolledBack: 0 };
  for (let seed = seeds.from; seed <= seeds.to; seed += 1) {
    const { chronicle, violations: found } = await playSeed(seed);
    sums.histories += 1;
    sums.operations += chronicle.history.length;
    sums.schedules += chronicle.events;
    sums.statesRolledBack += chronicle.rolledBack;
    for (const [fault, count] of Object.entries(chronicle.faults))
      faults[fault as keyof FaultCounts] += count;
    for (const { reply } of chronicle.history) {
      const answer = reply.outcome === 'REFUSED' ? reply.code : reply.outcome;
      answers[answer] = (answers[answer] ?? 0) + 1;
    }
    if (found.length > 0) onFailure(seed, found);
    violations.push(...found.map((violation) => ({ seed, ...violation })));
  }
  const tookMs = performance.now() - startedMs;
  return { kind: 'simulated store', seeds, ...sums, faults, answers, violations, tookMs };
}
