import { readFile } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { BootError, connectMongo } from '@opd/platform';
import { type mongo } from 'mongoose';
import { type RetryTally } from './api-client';
import { SHIPPED_DAY, type PlayCommand } from './arguments';
import { readArrivals, type Arrival } from './arrivals';
import { auditDay, formatAudit } from './audit';
import { Clinic, clinicAddresses, ClinicError } from './clinic';
import { findMongodbUri } from './database';
import { openDay } from './opening';
import { parsed, unreadable, type Parsed } from './parsed';
import { DayPlay, planVisits, signInPatients } from './play';
import { Progress } from './progress';
import { formatReport } from './report';
import { timeOf } from './time-of-day';
import { isSettled, type Visit } from './visit';

/** What the exit status says; `--help` tells the same. */
export const EXIT = {
  rulesHeld: 0,
  ruleBroken: 1,
  badInput: 2,
  notPlayed: 3,
  stopped: 130,
} as const;

const ROOT = resolve(__dirname, '../../..');
const DEFAULT_TIME_ZONE = 'Asia/Kolkata';

type Environment = Readonly<Record<string, string | undefined>>;

/** Plays a file from its reading to the audit, prints what came of it, and returns the exit status. */
export async function playFile(command: PlayCommand, env: Environment): Promise<number> {
  const arrivals = await readFileOfArrivals(command);
  if (!arrivals.ok) {
    console.error(arrivals.problems.join('\n'));
    return EXIT.badInput;
  }
  const mongodbUri = await findMongodbUri(command.mongodbUri, env);
  if (mongodbUri === undefined) {
    console.error(
      'The database to audit is not known: name it by --mongodb-uri or MONGODB_URI, or name by OPD_DATA_DIR the folder in which "npm start" keeps it.',
    );
    return EXIT.badInput;
  }
  try {
    return await playArrivals(arrivals.value, { command, env, mongodbUri });
  } catch (error) {
    if (!(error instanceof ClinicError) && !(error instanceof BootError)) throw error;
    console.error(`\n${error.message}`);
    return EXIT.notPlayed;
  }
}

async function readFileOfArrivals(command: PlayCommand): Promise<Parsed<Arrival[]>> {
  const file = command.file === SHIPPED_DAY ? join(ROOT, SHIPPED_DAY) : command.file;
  try {
    const arrivals = readArrivals(await readFile(file, 'utf8'), command.slotMinutes);
    if (arrivals.ok) return parsed(arrivals.value);
    return unreadable(`${command.file} cannot be played:`, ...arrivals.problems);
  } catch (error) {
    return unreadable(`${command.file} cannot be read: ${(error as Error).message}`);
  }
}

interface PlayContext {
  readonly command: PlayCommand;
  readonly env: Environment;
  readonly mongodbUri: string;
}

async function playArrivals(
  arrivals: readonly Arrival[],
  { command, env, mongodbUri }: PlayContext,
): Promise<number> {
  // Before the first request, so that no day is played that cannot be audited.
  const connection = await connectMongo({ mongodbUri });
  try {
    const tally: RetryTally = { retriesByCode: new Map(), brokenAnswers: [] };
    const clinic = new Clinic(clinicAddresses(env), tally);
    await clinic.enter();
    const timeZone = env['CLINIC_TIME_ZONE'] || DEFAULT_TIME_ZONE;
    const day = await openDay(clinic, { ...command, arrivals, timeZone });
    const visits = planVisits(arrivals, day);

    const end = await play(clinic, visits, command);
    const facts = { file: basename(command.file), date: day.date, visits, playedMs: end.playedMs };
    console.log(`\n${formatReport({ ...command, ...facts, retriesByCode: tally.retriesByCode })}`);
    const audit = await auditDay(connection.db as mongo.Db, clinic, visits);
    console.log(`\n${formatAudit(audit, tally.brokenAnswers)}`);
    if (audit.findings.length > 0 || tally.brokenAnswers.length > 0) return EXIT.ruleBroken;
    return end.status;
  } finally {
    await connection.close();
  }
}

/** Plays the day as far as it goes: what was played is reported and audited, however it ended. */
async function play(
  clinic: Clinic,
  visits: readonly Visit[],
  command: PlayCommand,
): Promise<{ playedMs: number; status: number }> {
  const progress = new Progress();
  const { shouldStop, listenNoMore } = listenForStop();
  let startedAtMs = performance.now();
  let status: number = EXIT.rulesHeld;
  try {
    await signIn(clinic, visits, { ...command, shouldStop, progress });
    startedAtMs = performance.now();
    await new DayPlay(clinic, visits, {
      ...command,
      shouldStop,
      onProgress: ({ minute }) => progress.show(describeProgress(minute, visits)),
    }).run();
    progress.end();
    if (!visits.every(isSettled)) status = EXIT.notPlayed;
  } catch (error) {
    if (!(error instanceof ClinicError)) throw error;
    console.error(`\n${error.message}`);
    status = EXIT.notPlayed;
  } finally {
    listenNoMore();
  }
  const playedMs = performance.now() - startedAtMs;
  return { playedMs, status: shouldStop() ? EXIT.stopped : status };
}

async function signIn(
  clinic: Clinic,
  visits: readonly Visit[],
  rules: { concurrency: number; shouldStop: () => boolean; progress: Progress },
): Promise<void> {
  const fromHome = visits.filter(({ channel }) => channel === 'patient-api');
  const patients = new Set(fromHome.map(({ patient }) => patient.phone)).size;
  if (patients === 0) return;
  const onSignedIn = (count: number) =>
    rules.progress.show(`Signing in patients: ${count} of ${patients}`);
  await signInPatients(clinic, visits, { ...rules, onSignedIn });
  rules.progress.end();
}

function describeProgress(minute: number, visits: readonly Visit[]): string {
  const asked = visits.filter(({ outcome }) => outcome !== undefined);
  const admitted = asked.filter(({ outcome }) => outcome?.kind === 'ADMITTED').length;
  return `Playing ${timeOf(minute)}: asked ${asked.length} of ${visits.length}, admitted ${admitted}`;
}

/** Ctrl-C ends the play after what is under way, so that its report and audit are still printed. */
function listenForStop(): { shouldStop: () => boolean; listenNoMore: () => void } {
  let isAsked = false;
  const hear = () => {
    isAsked = true;
    console.error('\nStopping; press Ctrl-C again to leave without a report.');
  };
  process.once('SIGINT', hear);
  return { shouldStop: () => isAsked, listenNoMore: () => void process.off('SIGINT', hear) };
}
