/**
 * Goal: a Redis that answers when it says so, forgets everything with its process, and is stopped.
 * Method: real redis-server processes on temporary folders.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { endRun, isListening, startRedisServer } from './index';

const binary = process.env['OPD_TEST_REDIS_BINARY'] ?? '';
let dir: string;

beforeEach(async () => {
  dir = await mkdtemp(join(process.env['OPD_TEST_DIR'] ?? tmpdir(), 'redis-spec-'));
});
afterEach(() => endRun(dir));

async function withClient<T>(url: string, use: (redis: Redis) => Promise<T>): Promise<T> {
  const redis = new Redis(url);
  try {
    return await use(redis);
  } finally {
    redis.disconnect();
  }
}

it('answers at once, and comes back empty at the same address', async () => {
  const first = await startRedisServer({ binary, dir });
  expect(await withClient(first.url, (redis) => redis.set('key', 'value'))).toBe('OK');
  await first.stop();
  expect(await isListening(first.port)).toBe(false);
  const second = await startRedisServer({ binary, dir });
  expect(second.url).toBe(first.url);
  expect(await withClient(second.url, (redis) => redis.dbsize())).toBe(0);
  await second.stop();
});

it('stops one that is frozen', async () => {
  const server = await startRedisServer({ binary, dir });
  server.signal('SIGSTOP');
  await server.stop();
  expect(await isListening(server.port)).toBe(false);
});

it('is ended with its folder, also without a record', async () => {
  const server = await startRedisServer({ binary, dir });
  await rm(join(dir, 'redis-server.process.json'));
  await endRun(dir);
  expect(await isListening(server.port)).toBe(false);
});

it('refuses a folder whose server has a living parent', async () => {
  const first = await startRedisServer({ binary, dir });
  await expect(startRedisServer({ binary, dir })).rejects.toThrow(
    `process ${process.pid} already runs a server in ${dir}`,
  );
  await first.stop();
});

it('names a port that was asked for and is taken', async () => {
  const first = await startRedisServer({ binary, dir });
  const other = { binary, dir: join(dir, 'other'), port: first.port };
  await expect(startRedisServer(other)).rejects.toThrow(
    `port ${first.port} of 127.0.0.1 is taken; Redis cannot use it`,
  );
  await first.stop();
});
