import { readFileSync, writeFileSync } from 'node:fs';
import { FAMILIES, FAULT_KINDS, type FaultKind } from './faults';
import type { FaultsResult } from './run-rounds';

/** Rules whose breach is a matter of time, not of what is stored. */
const ABOUT_TIME = ['TOO_LATE', 'HEALTHY_SHARE', 'BLOCKED_AFTER_CRASH'];

/** Rules that a single answer broke while what is stored was right. */
const ABOUT_ANSWERS = ['REFUSAL_NOT_TRUE', 'ANSWER_NOT_ALLOWED', 'CONNECTION_LOST', 'LAST_SEAT'];

/** Reads results of runs, as `--out` wrote them, and writes the report. */
export function writeReport(resultFiles: readonly string[], reportFile: string): void {
  const results = resultFiles.map((file) => JSON.parse(readFileSync(file, 'utf8')) as FaultsResult);
  writeFileSync(reportFile, reportOf(results));
}

/** The report as Markdown. */
export function reportOf(results: readonly FaultsResult[]): string {
  const sum = (of: (result: FaultsResult) => number) =>
    results.reduce((total, result) => total + of(result), 0);
  const rounds = sum((result) => result.rounds);
  const races = sum((result) => result.races.races);
  const findings = results.flatMap((result) => result.findings);
  const ofAnswers = findings.filter(({ rule }) => ABOUT_ANSWERS.includes(rule));
  const ofTime = findings.filter(({ rule }) => ABOUT_TIME.includes(rule));
  const ofStored = findings.length - ofTime.length - ofAnswers.length;
  const bound = rounds > 0 ? `${((3 / rounds) * 100).toFixed(1)} %` : 'nothing';
  const healthy = sum((result) => result.healthy);
  const answered = sum((result) => result.healthyAndAnswered);
  return `# Reliability report

Written from the results of \`npm run faults -- --out FILE\` by \`node tools/faults/report.cjs FILE...\`. Everything here was real: six processes of the built APIs, a replica set of three MongoDB members, three Redis nodes, TCP proxies between them.

| what | figure |
| --- | --- |
| rounds, with seeds | ${results.map((result) => `${result.rounds} from round ${result.from} with seed ${result.seed}`).join('; ')} |
| races of 200 for a last seat | ${races}, with ${sum((result) => result.races.findings.length)} findings |
| requests | ${sum((result) => result.requests)}, of them ${sum((result) => result.unknown)} with an unknown outcome at first |
| lost, overbooked, freed twice, refused yet booked | ${ofStored} findings |
| answers that were untrue or not allowed | ${ofAnswers.length} findings |
| too late, or too few answered in health | ${ofTime.length} findings |
| requests while all was well: done, or refused for a reason that the audit confirms | ${answered} of ${healthy} (99 % wanted) |
| slowest answer | ${Math.max(0, ...results.map((result) => result.slowestMs))} ms |
| longest time in which nobody was told yes or no | ${Math.max(0, ...results.map((result) => result.longestGapMs))} ms |
| a slot bookable again after the kill of an API that was writing to it | ${Math.max(0, ...results.flatMap((result) => result.bookableAfterMs))} ms at most (2250 allowed where nothing else is broken) |

${ofStored === 0 ? `No finding about what is stored, in N rounds, bounds the rate with 95 % by 3 / N: here by ${bound} of rounds.` : 'There are findings about what is stored: no bound can be given.'}

## Faults

| kind | struck | with a write on its way |
| --- | --- | --- |
${FAULT_KINDS.map((kind) => row(kind, results)).join('\n')}

| family | struck |
| --- | --- |
${Object.entries(FAMILIES)
  .map(([family, kinds]) => `| ${family} | ${sum((result) => struck(kinds, result))} |`)
  .join('\n')}

## Findings

${findings.length === 0 ? 'None.' : findings.map(lineOf).join('\n')}

A crowded machine alone can break the rules of time; repeat such a round on a quiet one.

## Not covered

Loss of disks, several broken machines at once, jumps of the clock, and partitions in which a member hears the others but is not heard by its own clients alone. The simulated histories and the planted defects have tools of their own (\`tools/simulation\`, \`tools/mutants\`) and are not counted here.
`;
}

function struck(kinds: readonly FaultKind[], { kinds: tallies }: FaultsResult): number {
  return kinds.reduce((total, kind) => total + tallies[kind].struck, 0);
}

function row(kind: FaultKind, results: readonly FaultsResult[]): string {
  const hits = results.reduce((total, { kinds }) => total + kinds[kind].hitWrites, 0);
  const times = results.reduce((total, result) => total + struck([kind], result), 0);
  return `| ${kind} | ${times} | ${hits} |`;
}

function lineOf({ rule, detail, round }: FaultsResult['findings'][number]): string {
  return `- ${rule}${round >= 0 ? `, round ${round}` : ''}: ${detail}`;
}
