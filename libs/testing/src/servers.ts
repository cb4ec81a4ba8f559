import { randomBytes } from 'node:crypto';
import { mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import {
  startMongod,
  startRedisServer,
  type MongodProcess,
  type RedisProcess,
} from '@opd/services';

/**
 * Address of the run's MongoDB with a fresh database name at each call (`/t_<random>`). The server
 * is a replica set with one member, and has test commands such as `failCommand` switched on.
 */
export function testMongoUri(): string {
  const uri = new URL(required('OPD_TEST_MONGODB_URI'));
  uri.pathname = `/t_${randomBytes(8).toString('hex')}`;
  return uri.href;
}

/** Address of the run's Redis, shared by all suites: use keys that no other suite has. */
export function testRedisUrl(): string {
  return required('OPD_TEST_REDIS_URL');
}

/**
 * A MongoDB of the calling suite's own, to be killed and frozen. With `dataDir` of an earlier one
 * it starts on the same data. The suite must stop it; the run's end does so if it does not.
 */
export async function spawnTestMongod(
  options: { dataDir?: string; port?: number } = {},
): Promise<MongodProcess & { dataDir: string }> {
  const dataDir = options.dataDir ?? (await ownFolder('mongod'));
  const binary = required('OPD_TEST_MONGOD_BINARY');
  const server = await startMongod({ ...options, binary, dataDir, enableTestCommands: true });
  return { ...server, dataDir };
}

/**
 * A Redis of the calling suite's own, to be killed, frozen and emptied. With the `port` of an
 * earlier one it comes back, empty, at the same address. Stopped as `spawnTestMongod`'s.
 */
export async function spawnTestRedis(options: { port?: number } = {}): Promise<RedisProcess> {
  const binary = required('OPD_TEST_REDIS_BINARY');
  return startRedisServer({ ...options, binary, dir: await ownFolder('redis') });
}

function ownFolder(title: string): Promise<string> {
  return mkdtemp(join(required('OPD_TEST_DIR'), `${title}-`));
}

function required(name: string): string {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set: run the tests from the root of the workspace`);
  return value;
}
