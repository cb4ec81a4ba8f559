import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** What a started server leaves on disk, so that a later start can find it again. */
export interface ProcessRecord {
  pid: number;
  port: number;
  /** Part of its command line that no other program has. */
  marker: string;
  /** ISO 8601, UTC. */
  startedAt: string;
  /** The process that started it. */
  parent: ProcessIdentity;
}

/** A process id with the kernel's start tick, because ids are used again; no tick without /proc. */
export interface ProcessIdentity {
  pid: number;
  startTick?: string;
}

const ORPHAN_STOP_MS = 15_000;

/**
 * Writes down that this process started a server. It is one step: a reader sees the old record or
 * the new one.
 */
export async function writeRecord(
  file: string,
  started: Pick<ProcessRecord, 'pid' | 'port' | 'marker'>,
): Promise<void> {
  const startedAt = new Date().toISOString();
  const record: ProcessRecord = { ...started, startedAt, parent: thisProcess() };
  const partial = `${file}.${process.pid}`;
  await writeFile(partial, JSON.stringify(record));
  await rename(partial, file);
}

/** The record of the last start, or nothing when there is none that can be read. */
async function readRecord(file: string): Promise<ProcessRecord | undefined> {
  try {
    const parsed: unknown = JSON.parse(await readFile(file, 'utf8'));
    return isRecord(parsed) ? parsed : undefined;
  } catch {
    return undefined;
  }
}

function isRecord(value: unknown): value is ProcessRecord {
  if (typeof value !== 'object' || value === null) return false;
  const { pid, port, marker, parent } = value as Partial<ProcessRecord>;
  const numbers: unknown[] = [pid, port, parent?.pid];
  // An empty marker would be part of every command line.
  return numbers.every(Number.isInteger) && typeof marker === 'string' && marker !== '';
}

/** How the name of every record ends; what stands before it names the server. */
export const RECORD_SUFFIX = '.process.json';

/**
 * Makes room for a new start on the folder of `recordFile` and returns the record of the last one.
 * A server whose parent is gone is stopped; one whose parent still lives is somebody else's, and
 * refused with a sentence. Without /proc nothing is found, and the server's own lock on its folder
 * is what is left.
 */
export async function stopOrphan(recordFile: string): Promise<ProcessRecord | undefined> {
  const record = await readRecord(recordFile);
  if (!record || !isStillOurs(record)) return record;
  const { parent } = record;
  if (isSameProcess(parent)) {
    throw new Error(
      `process ${parent.pid} already runs a server in ${dirname(recordFile)} ` +
        `(process ${record.pid}, port ${record.port}); stop it first`,
    );
  }
  await endProcess(record.pid);
  return record;
}

/** Stops every server that works in `folder` or below, whoever its parent is. */
export async function stopAllBelow(folder: string): Promise<void> {
  const names = await readdir(folder, { recursive: true }).catch(() => []);
  const files = names.filter((name) => name.endsWith(RECORD_SUFFIX));
  for (const file of files.map((name) => join(folder, name))) {
    const record = await readRecord(file);
    if (record && isStillOurs(record)) await endProcess(record.pid);
  }
  // A parent that was killed right after it started a server had no time to write a record.
  const pids = (await readdir('/proc').catch(() => [])).map(Number).filter(Number.isInteger);
  for (const pid of pids.filter((candidate) => isServerBelow(folder, candidate))) {
    await endProcess(pid);
  }
}

/** MongoDB names its folder in the command line; Redis hides that, but makes it the current one. */
function isServerBelow(folder: string, pid: number): boolean {
  const line = commandLine(pid);
  if (line.includes(`--dbpath ${folder}`)) return true;
  if (!line.includes('-server ')) return false;
  try {
    return readlinkSync(`/proc/${pid}/cwd`).startsWith(folder);
  } catch {
    return false;
  }
}

// A process id is used again, so the command line decides whether it still means our server.
function isStillOurs({ pid, marker }: ProcessRecord): boolean {
  return commandLine(pid).includes(marker);
}

async function endProcess(pid: number): Promise<void> {
  for (const name of ['SIGTERM', 'SIGCONT', 'SIGKILL'] as const) {
    if (!sendSignal(pid, name)) return;
    // A frozen process hears SIGTERM only after SIGCONT, so the wait comes after both.
    if (name !== 'SIGTERM' && (await isGoneWithin(pid, ORPHAN_STOP_MS))) return;
  }
  throw new Error(`process ${pid} of an earlier start cannot be stopped`);
}

function sendSignal(pid: number, name: NodeJS.Signals): boolean {
  try {
    process.kill(pid, name);
    return true;
  } catch {
    return false;
  }
}

async function isGoneWithin(pid: number, waitMs: number): Promise<boolean> {
  for (let waitedMs = 0; waitedMs < waitMs; waitedMs += 50) {
    // A zombie that nobody reaped has closed its ports and files; only its entry is left. But its
    // first thread may be one while others still end, and hold them.
    const state = statusFields(pid)[0] ?? 'Z';
    if ((state === 'Z' || state === 'X') && threadCount(pid) <= 1) return true;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return false;
}

/** How many threads of a process are there; 0 when it is gone. */
function threadCount(pid: number): number {
  try {
    return readdirSync(`/proc/${pid}/task`).length;
  } catch {
    return 0;
  }
}

/** The arguments of a process joined by spaces; empty when it is gone or there is no /proc. */
function commandLine(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();
  } catch {
    return '';
  }
}

/** The process that asks. */
export function thisProcess(): ProcessIdentity {
  return { pid: process.pid, startTick: startTick(process.pid) };
}

/** True while that very process lives. */
export function isSameProcess(seen: ProcessIdentity): boolean {
  return seen.startTick === undefined ? isAlive(seen.pid) : startTick(seen.pid) === seen.startTick;
}

/** True while some process has this id. */
export function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    // A process of another user answers EPERM: it lives.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

function startTick(pid: number): string | undefined {
  return statusFields(pid)[19];
}

/** The fields of /proc/<pid>/stat from the third, the state, on; none when the process is gone. */
function statusFields(pid: number): string[] {
  try {
    const status = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name in parentheses before them may hold blanks.
    return status.slice(status.lastIndexOf(')') + 2).split(' ');
  } catch {
    return [];
  }
}
