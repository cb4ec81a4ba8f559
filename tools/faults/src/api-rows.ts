import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { freePort, RECORD_SUFFIX, StartedChild, writeRecord } from '@opd/services';
import { ServerPart } from './server-part';

/** The three audiences, by the name of their API. */
export const AUDIENCES = ['patient', 'desk', 'admin'] as const;
export type Audience = (typeof AUDIENCES)[number];

/** How many instances every API has. */
export const ROWS = 2;

/** The built APIs, relative to the workspace. */
const WORKSPACE = join(__dirname, '../../..');
const READY_MS = 60_000;
const ASK_MS = 1_000;

/** One running instance of one API. */
export interface ApiInstance {
  readonly audience: Audience;
  /** 0 or 1: instances of the same row use the same proxies to Redis. */
  readonly row: number;
  readonly url: string;
  readonly part: ServerPart;
}

/** What the APIs need to know. */
export interface ApiSettings {
  readonly folder: string;
  /** Below the workspace: where `<name>-api/main.mjs` lie. */
  readonly dist: string;
  readonly mongodbUri: string;
  readonly redisUrls: (row: number) => string;
  readonly signingKey: string;
}

/** Two instances of each built API, as processes of their own. */
export class ApiRows {
  private constructor(readonly instances: readonly ApiInstance[]) {}

  /** Starts all six. The administrators' first one furnishes the demo, so it goes ahead. */
  static async start(settings: ApiSettings): Promise<ApiRows> {
    await mkdir(settings.folder, { recursive: true });
    const made = Array.from({ length: ROWS }, (_, row) =>
      AUDIENCES.map((audience) => makeInstance(audience, row, settings)),
    );
    const instances = await Promise.all(made.flat());
    const first = instances.find(({ audience }) => audience === 'admin');
    await first?.part.start();
    await Promise.all(instances.filter((one) => one !== first).map(({ part }) => part.start()));
    return new ApiRows(instances);
  }

  of(audience: Audience): ApiInstance[] {
    return this.instances.filter((instance) => instance.audience === audience);
  }

  async areReady(): Promise<boolean> {
    const answers = await Promise.all(this.instances.map(({ url }) => isReady(url)));
    return answers.every(Boolean);
  }

  async stop(): Promise<void> {
    await Promise.all(this.instances.map(({ part }) => part.stop()));
  }
}

async function makeInstance(
  audience: Audience,
  row: number,
  settings: ApiSettings,
): Promise<ApiInstance> {
  const port = await freePort();
  const name = `${audience}-api-${row}`;
  const part = new ServerPart(name, () => launch({ audience, row, port, name }, settings));
  return { audience, row, url: `http://127.0.0.1:${port}`, part };
}

interface Place {
  readonly audience: Audience;
  readonly row: number;
  readonly port: number;
  readonly name: string;
}

async function launch(place: Place, settings: ApiSettings): Promise<StartedChild> {
  const { audience, row, port, name } = place;
  const program = join(WORKSPACE, settings.dist, `${audience}-api`, 'main.mjs');
  const logFile = join(settings.folder, `${name}.log`);
  const env = {
    PATH: process.env['PATH'],
    MONGODB_URI: settings.mongodbUri,
    REDIS_URLS: settings.redisUrls(row),
    TOKEN_SIGNING_KEY: settings.signingKey,
    [`${audience.toUpperCase()}_API_PORT`]: String(port),
    // Sign-in codes are told, and nobody is slowed down or counted.
    OPD_DEMO: 'true',
    RATE_LIMIT_PER_MINUTE: '0',
    MAX_ACTIVE_BOOKINGS_PER_PATIENT: '0',
    LOG_LEVEL: 'warn',
  };
  const child = await StartedChild.start(process.execPath, [program], { env, logFile });
  const record = join(settings.folder, `${name}${RECORD_SUFFIX}`);
  await writeRecord(record, { pid: child.pid, port, marker: program });
  const url = `http://127.0.0.1:${port}`;
  // Alive is enough: it may come back while a store is still away.
  const isAlive = async () => (await fetchStatus(`${url}/health/live`)) === 200;
  await child.waitUntilReady(isAlive, { timeoutMs: READY_MS, title: name, logFile });
  return child;
}

async function isReady(url: string): Promise<boolean> {
  return (await fetchStatus(`${url}/health/ready`).catch(() => 0)) === 200;
}

async function fetchStatus(url: string): Promise<number> {
  const response = await fetch(url, { signal: AbortSignal.timeout(ASK_MS) });
  await response.arrayBuffer();
  return response.status;
}
