const { mkdtemp, mkdir } = require('node:fs/promises');
const { tmpdir } = require('node:os');
const path = require('node:path');

/**
 * Starts one MongoDB and one Redis for the whole run, with temporary data, and tells the suites by
 * the environment where they are. Suites that need servers of their own to kill or freeze put them
 * under OPD_TEST_DIR, so that the teardown finds what a crashed suite left behind.
 */
module.exports = async function globalSetup() {
  process.env.SWC_NODE_PROJECT ??= path.join(__dirname, '../../tsconfig.base.json');
  require('@swc-node/register');
  const services = require('../services/src/index.ts');
  const report = (line) => process.stderr.write(`${line}\n`);
  await services.endAbandonedRuns(tmpdir(), 'opd-test-');
  const dir = await mkdtemp(path.join(tmpdir(), `opd-test-${process.pid}-`));
  await mkdir(path.join(dir, 'shared'));
  const [mongodBinary, redisBinary] = await Promise.all([
    services.findMongod(report),
    services.findRedisServer(report),
  ]);
  const mongodDir = path.join(dir, 'shared', 'mongod');
  const redisDir = path.join(dir, 'shared', 'redis');
  const [mongod, redis] = await Promise.all([
    services.startMongod({ binary: mongodBinary, dataDir: mongodDir, enableTestCommands: true }),
    services.startRedisServer({ binary: redisBinary, dir: redisDir }),
  ]);
  process.env.OPD_TEST_DIR = dir;
  process.env.OPD_TEST_MONGODB_URI = mongod.uri;
  process.env.OPD_TEST_REDIS_URL = redis.url;
  process.env.OPD_TEST_MONGOD_BINARY = mongodBinary;
  process.env.OPD_TEST_REDIS_BINARY = redisBinary;
  globalThis.opdTestServers = [mongod, redis];
};
