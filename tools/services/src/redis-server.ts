import { mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { Redis } from 'ioredis';
import { choosePort } from './free-port';
import { turnOverLog } from './log-file';
import { RECORD_SUFFIX, stopOrphan, writeRecord } from './process-record';
import { StartedChild, type ServerProcess } from './server-process';

/** A running `redis-server` that keeps nothing on disk. */
export interface RedisProcess extends ServerProcess {
  /** `redis://127.0.0.1:PORT`. */
  url: string;
}

/** How `startRedisServer` starts. */
export interface RedisOptions {
  binary: string;
  /** Holds the log and the record of the process; made when missing. */
  dir: string;
  /** Default: the port of the last start on this folder, or a free one. */
  port?: number;
}

const READY_MS = 20_000;

/**
 * Starts Redis on 127.0.0.1 without persistence and resolves when it answers. A server left behind
 * by a parent that was killed is stopped first; one whose parent still lives is refused. Rejects
 * with the end of the server's log when it does not come up.
 */
export async function startRedisServer(options: RedisOptions): Promise<RedisProcess> {
  const dir = resolve(options.dir);
  const recordFile = join(dir, `redis-server${RECORD_SUFFIX}`);
  const logFile = join(dir, 'redis-server.log');
  await mkdir(dir, { recursive: true });
  const last = await stopOrphan(recordFile);
  const port = await choosePort('Redis', { asked: options.port, last: last?.port });
  await turnOverLog(logFile);
  const child = await StartedChild.start(options.binary, [
    ...['--port', String(port), '--bind', '127.0.0.1', '--dir', dir, '--logfile', logFile],
    ...['--save', '', '--appendonly', 'no', '--daemonize', 'no'],
  ]);
  // Redis replaces its command line by its name and address.
  await writeRecord(recordFile, { pid: child.pid, port, marker: `-server 127.0.0.1:${port}` });
  await waitForPong(child, { port, logFile });
  return {
    url: `redis://127.0.0.1:${port}`,
    port,
    pid: child.pid,
    ended: child.ended,
    stop: () => child.stop(),
    signal: (name) => child.signal(name),
  };
}

async function waitForPong(
  child: StartedChild,
  at: { port: number; logFile: string },
): Promise<void> {
  const isReady = async () => {
    const redis = new Redis(at.port, '127.0.0.1', {
      lazyConnect: true,
      retryStrategy: () => null,
      connectTimeout: 1_000,
      commandTimeout: 1_000,
    });
    redis.on('error', () => undefined);
    try {
      await redis.connect();
      return (await redis.ping()) === 'PONG';
    } finally {
      redis.disconnect();
    }
  };
  const by = { timeoutMs: READY_MS, title: 'redis-server', logFile: at.logFile };
  await child.waitUntilReady(isReady, by);
}
