import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import {
  RECORD_SUFFIX,
  StartedChild,
  startMongod,
  startRedisServer,
  stopOrphan,
  writeRecord,
} from '@opd/services';
import { type Part } from './supervise';

const API_READY_MS = 60_000;
const API_STOP_MS = 6_000;
const PROBE_MS = 2_000;

/** MongoDB of our own; started again, it is found at the same address with its data. */
export function mongodPart(binary: string, dataDir: string): Part {
  let port: number | undefined;
  return {
    name: 'mongodb',
    start: async () => {
      const server = await startMongod({ binary, dataDir: join(dataDir, 'mongodb'), port });
      port = server.port;
      return { address: server.uri, ended: server.ended, stop: () => server.stop() };
    },
  };
}

/** Redis of our own; started again, it is found at the same address, empty. */
export function redisPart(binary: string, dataDir: string): Part {
  let port: number | undefined;
  return {
    name: 'redis',
    start: async () => {
      const server = await startRedisServer({ binary, dir: join(dataDir, 'redis'), port });
      port = server.port;
      return { address: server.url, ended: server.ended, stop: () => server.stop() };
    },
  };
}

/** How an API is started. */
export interface ApiPartOptions {
  name: string;
  /** The built program. */
  mainFile: string;
  host: string;
  port: number;
  dataDir: string;
  /** The whole environment of the process. */
  env: NodeJS.ProcessEnv;
}

/** A built API; it is up when it answers /health/ready. Its output goes to its log only. */
export function apiPart(options: ApiPartOptions): Part {
  const { name, port } = options;
  const address = `http://${reachable(options.host)}:${port}`;
  return {
    name,
    start: async () => {
      const logFile = join(options.dataDir, 'logs', `${name}.log`);
      await mkdir(join(options.dataDir, 'logs'), { recursive: true });
      await stopOrphanApi(options.dataDir, name);
      const args = ['--enable-source-maps', options.mainFile];
      const child = await StartedChild.start(process.execPath, args, { logFile, env: options.env });
      const marker = options.mainFile;
      await writeRecord(recordFile(options.dataDir, name), { pid: child.pid, port, marker });
      const bounds = { timeoutMs: API_READY_MS, title: name, logFile };
      await child.waitUntilReady(() => isReady(address), bounds);
      return { address, ended: child.ended, stop: () => child.stop(API_STOP_MS) };
    },
  };
}

/** Stops the API that an `npm start` left when it was killed: it would hold the port. */
export async function stopOrphanApi(dataDir: string, name: string): Promise<void> {
  await stopOrphan(recordFile(dataDir, name));
}

function recordFile(dataDir: string, name: string): string {
  return join(dataDir, `${name}${RECORD_SUFFIX}`);
}

// A server that listens everywhere is reached on loopback.
function reachable(host: string): string {
  if (host === '0.0.0.0' || host === '::') return '127.0.0.1';
  return host.includes(':') ? `[${host}]` : host;
}

async function isReady(address: string): Promise<boolean> {
  const signal = AbortSignal.timeout(PROBE_MS);
  const response = await fetch(`${address}/health/ready`, { signal });
  await response.body?.cancel();
  return response.ok;
}
