import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { findRedisServer, freePort, RECORD_SUFFIX, StartedChild, writeRecord } from '@opd/services';
import { Redis } from 'ioredis';
import { ServerPart } from './server-part';
import { TcpProxy } from './tcp-proxy';

const report = (line: string) => void process.stderr.write(`${line}\n`);
const NODES = 3;
const READY_MS = 20_000;
const ASK_MS = 800;

/** One node: its process, and a proxy for each of the two rows of APIs. */
export interface RedisNode {
  readonly part: ServerPart;
  /** By the number of the row that uses it. */
  readonly proxies: readonly TcpProxy[];
  readonly port: number;
}

/** Three independent Redis nodes, as the locks want them. */
export class RedisNodes {
  private constructor(readonly nodes: readonly RedisNode[]) {}

  /** Starts the nodes below `folder`, each behind one proxy for every one of `rows` rows of APIs. */
  static async start(folder: string, rows: number): Promise<RedisNodes> {
    const binary = await findRedisServer(report);
    const nodes = Array.from({ length: NODES }, (_, index) =>
      startNode(binary, join(folder, `redis-${index}`), rows),
    );
    return new RedisNodes(await Promise.all(nodes));
  }

  /** What the APIs of a row are told. */
  urls(row: number): string {
    return this.nodes.map(({ proxies }) => `redis://127.0.0.1:${proxies[row]?.port}`).join(',');
  }

  /** Empties every node that answers. */
  async empty(): Promise<void> {
    await Promise.allSettled(this.nodes.map(({ port }) => ask(port, (redis) => redis.flushall())));
  }

  async isHealthy(): Promise<boolean> {
    const answers = await Promise.allSettled(
      this.nodes.map(({ port }) => ask(port, (redis) => redis.ping())),
    );
    return answers.every(({ status }) => status === 'fulfilled');
  }

  async stop(): Promise<void> {
    await Promise.all(this.nodes.map(({ part }) => part.stop()));
    await Promise.all(this.nodes.flatMap(({ proxies }) => proxies.map((proxy) => proxy.close())));
  }
}

async function startNode(binary: string, folder: string, rows: number): Promise<RedisNode> {
  const port = await freePort();
  const part = new ServerPart(`redis at ${port}`, () => launch(binary, folder, port));
  await part.start();
  const proxies = Array.from({ length: rows }, () => TcpProxy.start(port));
  return { part, port, proxies: await Promise.all(proxies) };
}

async function launch(binary: string, folder: string, port: number): Promise<StartedChild> {
  const logFile = join(folder, 'redis.log');
  await mkdir(folder, { recursive: true });
  const child = await StartedChild.start(binary, [
    ...['--port', String(port), '--bind', '127.0.0.1', '--dir', folder, '--logfile', logFile],
    ...['--save', '', '--appendonly', 'no', '--daemonize', 'no'],
  ]);
  const marker = `-server 127.0.0.1:${port}`;
  await writeRecord(join(folder, `redis${RECORD_SUFFIX}`), { pid: child.pid, port, marker });
  const isReady = async () => (await ask(port, (redis) => redis.ping())) === 'PONG';
  await child.waitUntilReady(isReady, { timeoutMs: READY_MS, title: 'redis-server', logFile });
  return child;
}

async function ask<T>(port: number, command: (redis: Redis) => Promise<T>): Promise<T> {
  const redis = new Redis(port, '127.0.0.1', {
    lazyConnect: true,
    retryStrategy: () => null,
    connectTimeout: ASK_MS,
    commandTimeout: ASK_MS,
  });
  redis.on('error', () => undefined);
  try {
    await redis.connect();
    return await command(redis);
  } finally {
    redis.disconnect();
  }
}
