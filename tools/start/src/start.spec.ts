/**
 * Goal: `npm start` brings everything up, keeps it up, and leaves nothing behind.
 * Method: the real program in a process of its own, on real MongoDB and Redis; the three APIs are
 * small servers that answer, die and misbehave when told. Afterwards every port must be closed.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { endRun, freePort, isListening } from '@opd/services';

const WORKSPACE = join(__dirname, '../../..');
const API_NAMES = ['patient-api', 'desk-api', 'admin-api'];
jest.setTimeout(60_000);

const STUB_API = `
import { createServer } from 'node:http';
import { appendFileSync } from 'node:fs';
const name = new URL('.', import.meta.url).pathname.split('/').at(-2);
const port = Number(process.env[name.replace('-', '_').toUpperCase() + '_PORT']);
if (process.env.STUB_FAILS === name) { console.error('it has no licence'); process.exit(1); }
const told = ['MONGODB_URI', 'REDIS_URLS', 'TOKEN_SIGNING_KEY', 'OPD_DEMO', 'OPD_DATA_DIR'];
createServer((request, response) => {
  if (request.url === '/die') process.exit(3);
  response.end(JSON.stringify(Object.fromEntries(told.map((key) => [key, process.env[key]]))));
}).listen(port, '127.0.0.1');
process.on('SIGTERM', () => {
  if (process.env.STUB_HANGS === name) return;
  appendFileSync(process.env.OPD_DATA_DIR + '/order', 'api\\n');
  process.exit(0);
});
`;

let home: string;
let dataDir: string;
let env: Record<string, string | undefined>;
let started: Started[];

beforeEach(async () => {
  home = await mkdtemp(join(process.env['OPD_TEST_DIR'] ?? tmpdir(), 'start-spec-'));
  dataDir = join(home, 'data');
  for (const name of API_NAMES) {
    const folder = join(home, 'dist', 'apps', name);
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, 'main.mjs'), STUB_API);
  }
  env = {
    ...process.env,
    SWC_NODE_PROJECT: join(WORKSPACE, 'tsconfig.base.json'),
    OPD_DATA_DIR: dataDir,
    PATIENT_API_PORT: String(await freePort()),
    DESK_API_PORT: String(await freePort()),
    ADMIN_API_PORT: String(await freePort()),
    MONGODB_URI: undefined,
    REDIS_URLS: undefined,
    TOKEN_SIGNING_KEY: undefined,
    OPD_DEMO: undefined,
    NODE_ENV: undefined,
  };
  started = [];
});

afterEach(async () => {
  started.forEach(({ child }) => child.kill('SIGKILL'));
  await endRun(home);
});

/** One `npm start` that was begun. */
class Started {
  readonly lines: string[] = [];
  readonly exited: Promise<number | null>;

  constructor(readonly child: ChildProcess) {
    createInterface({ input: child.stdout! }).on('line', (line) => this.lines.push(line));
    this.exited = once(child, 'close').then(([code]) => code as number | null);
  }

  async line(pattern: RegExp): Promise<string> {
    for (let tries = 0; tries < 600; tries++) {
      const found = this.lines.find((line) => pattern.test(line));
      if (found !== undefined) return found;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    throw new Error(`no line ${pattern.source} in:\n${this.lines.join('\n')}`);
  }

  /** Resolves when everything is up. */
  async up(): Promise<this> {
    await this.line(/Ctrl-C stops everything/);
    return this;
  }

  address(part: string): string {
    const line = this.lines.find((text) => text.startsWith(`${part}  `));
    return line?.slice(part.length + 2) ?? '';
  }

  async stop(signal: NodeJS.Signals = 'SIGINT'): Promise<number | null> {
    this.child.kill(signal);
    return this.exited;
  }
}

function npmStart(changes: Record<string, string> = {}): Started {
  const script = `const [file, root] = process.argv.slice(1);
    const print = (line) => process.stdout.write(line + '\\n');
    require(file).start({ env: process.env, root, print }).then((code) => process.exit(code));`;
  const args = ['-r', '@swc-node/register', '-e', script, join(__dirname, 'main.ts'), home];
  const child = spawn(process.execPath, args, {
    cwd: WORKSPACE,
    env: { ...env, ...changes },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const one = new Started(child);
  started.push(one);
  return one;
}

/** The ports of the stores as printed, as far as they were, and those of the APIs. */
function portsOf(one: Started): number[] {
  const stores = ['mongodb', 'redis'].map((part) => /:(\d+)/.exec(one.address(part))?.[1]);
  const apis = [env['PATIENT_API_PORT'], env['DESK_API_PORT'], env['ADMIN_API_PORT']];
  return [...stores, ...apis].flatMap((port) => (port === undefined ? [] : [Number(port)]));
}

async function openPorts(one: Started): Promise<number> {
  const answers = await Promise.all(portsOf(one).map(isListening));
  return answers.filter(Boolean).length;
}

async function told(one: Started, api: string): Promise<Record<string, string>> {
  const response = await fetch(one.address(api));
  return (await response.json()) as Record<string, string>;
}

async function recordedPid(file: string): Promise<number> {
  const record = JSON.parse(await readFile(join(dataDir, file), 'utf8')) as { pid: number };
  return record.pid;
}

it('prints one line per part, and leaves nothing running after Ctrl-C', async () => {
  const one = await npmStart().up();
  expect(one.lines.slice(0, 5)).toEqual([
    expect.stringMatching(/^mongodb {2}mongodb:\/\/127\.0\.0\.1:\d+\/elastic_opd\?replicaSet=opd$/),
    expect.stringMatching(/^redis {2}redis:\/\/127\.0\.0\.1:\d+$/),
    `patient-api  http://127.0.0.1:${env['PATIENT_API_PORT']}`,
    `desk-api  http://127.0.0.1:${env['DESK_API_PORT']}`,
    `admin-api  http://127.0.0.1:${env['ADMIN_API_PORT']}`,
  ]);
  expect(one.lines.join('\n')).toMatch(/desk \/ desk-demo[^]*admin \/ admin-demo[^]*demoCode/);
  expect(await openPorts(one)).toBe(5);
  expect(await told(one, 'desk-api')).toEqual({
    MONGODB_URI: one.address('mongodb'),
    REDIS_URLS: one.address('redis'),
    TOKEN_SIGNING_KEY: await readFile(join(dataDir, 'token-signing.key'), 'utf8'),
    OPD_DEMO: 'true',
    OPD_DATA_DIR: dataDir,
  });
  expect(await one.stop('SIGINT')).toBe(0);
  expect(one.lines.slice(-2)).toEqual(['stopping ...', 'stopped']);
  expect(await openPorts(one)).toBe(0);
});

it('finds its stores and its key again at the second start, after a SIGTERM', async () => {
  const first = await npmStart().up();
  const { TOKEN_SIGNING_KEY: key } = await told(first, 'admin-api');
  expect(await first.stop('SIGTERM')).toBe(0);
  expect((await stat(join(dataDir, 'token-signing.key'))).mode & 0o777).toBe(0o600);
  const second = await npmStart().up();
  expect(second.address('mongodb')).toBe(first.address('mongodb'));
  expect((await told(second, 'admin-api'))['TOKEN_SIGNING_KEY']).toBe(key);
  expect(key?.length).toBeGreaterThanOrEqual(32);
  await second.stop();
});

it('refuses a second start on the same data and leaves the first one alone', async () => {
  const first = await npmStart().up();
  const second = npmStart({ PATIENT_API_PORT: '0', DESK_API_PORT: '0', ADMIN_API_PORT: '0' });
  expect(await second.exited).toBe(1);
  expect(second.lines[0]).toContain(
    `npm start already runs on ${dataDir} (process ${first.child.pid})`,
  );
  expect(await openPorts(first)).toBe(5);
  await first.stop();
  expect(await openPorts(first)).toBe(0);
});

it('names a port that is taken, and has started nothing', async () => {
  const squatter = createServer().listen(Number(env['ADMIN_API_PORT']), '127.0.0.1');
  await once(squatter, 'listening');
  const one = npmStart();
  expect(await one.exited).toBe(1);
  expect(one.lines[0]).toBe(
    `Port ${env['ADMIN_API_PORT']} of 127.0.0.1 is taken, so admin-api cannot start. ` +
      'Stop what uses it, or set ADMIN_API_PORT to a free port.',
  );
  expect(await readdir(dataDir)).toEqual([]);
  squatter.close();
});

it('prints why an API cannot start, and stops the rest', async () => {
  const one = npmStart({ STUB_FAILS: 'desk-api' });
  expect(await one.exited).toBe(1);
  expect(one.lines.join('\n')).toMatch(
    /^desk-api ended at once; its log \S+desk-api\.log ends with:\nit has no licence$/m,
  );
  expect(await openPorts(one)).toBe(0);
});

it('starts what dies again at the same address', async () => {
  const one = await npmStart().up();
  await fetch(`${one.address('patient-api')}/die`).catch(() => undefined);
  process.kill(await recordedPid('mongodb/mongod.process.json'), 'SIGKILL');
  process.kill(await recordedPid('redis/redis-server.process.json'), 'SIGKILL');
  for (const part of ['patient-api', 'mongodb', 'redis']) {
    await one.line(new RegExp(`^${part} ended; starting it again$`));
  }
  for (let tries = 0; tries < 200 && (await openPorts(one)) < 5; tries++) {
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  expect(await openPorts(one)).toBe(5);
  await one.stop();
  expect(await openPorts(one)).toBe(0);
});

it('stops everything when a part dies a fourth time within a minute', async () => {
  const one = await npmStart().up();
  for (let deaths = 1; deaths <= 4; deaths++) {
    await fetch(`${one.address('admin-api')}/die`).catch(() => undefined);
    const isBack = () => one.lines.filter((line) => line.startsWith('admin-api  ')).length > deaths;
    for (let tries = 0; tries < 100 && deaths < 4 && !isBack(); tries++) {
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
  expect(await one.exited).toBe(1);
  expect(one.lines).toContain(
    'admin-api ended 4 times within a minute. Stopping everything; the reason is in its log.',
  );
  expect(await openPorts(one)).toBe(0);
});

it('kills an API that does not stop within 6 s, and only then stops the stores', async () => {
  const one = await npmStart({ STUB_HANGS: 'desk-api' }).up();
  const startedMs = performance.now();
  expect(await one.stop()).toBe(0);
  const tookMs = performance.now() - startedMs;
  expect(tookMs).toBeGreaterThan(6_000);
  expect(tookMs).toBeLessThan(12_000);
  expect(await openPorts(one)).toBe(0);
});

it('cleans up after one that was killed, and starts', async () => {
  const killed = await npmStart().up();
  await killed.stop('SIGKILL');
  expect(await openPorts(killed)).toBe(5);
  const next = await npmStart().up();
  expect(portsOf(next)).toEqual(portsOf(killed));
  expect(await next.stop()).toBe(0);
  expect(await openPorts(next)).toBe(0);
});

it('stops cleanly when it is told so before everything is up', async () => {
  const one = npmStart();
  await one.line(/^mongodb {2}/);
  expect(await one.stop('SIGTERM')).toBe(0);
  expect(await openPorts(one)).toBe(0);
});

it('uses the stores it is given and does not print their passwords', async () => {
  const mongodbUri = `mongodb://reader:secret@127.0.0.1:1/elastic_opd`;
  const one = await npmStart({
    MONGODB_URI: mongodbUri,
    REDIS_URLS: process.env['OPD_TEST_REDIS_URL'] ?? '',
    TOKEN_SIGNING_KEY: 'a key of the clinic, which is long enough',
  }).up();
  expect(one.address('mongodb')).toBe('mongodb://127.0.0.1:1/elastic_opd');
  expect(one.lines.join('\n')).not.toContain('demo');
  expect(await told(one, 'patient-api')).toMatchObject({
    MONGODB_URI: mongodbUri,
    OPD_DEMO: 'false',
    TOKEN_SIGNING_KEY: 'a key of the clinic, which is long enough',
  });
  expect(await readdir(dataDir)).not.toContain('mongodb');
  await one.stop();
});
