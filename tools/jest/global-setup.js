const { mkdtemp } = require('node:fs/promises');
const { constants, tmpdir } = require('node:os');
const path = require('node:path');
const globalTeardown = require('./global-teardown.js');

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
  process.env.OPD_TEST_DIR = dir;
  endRunOnSignal();
  const [mongodBinary, redisBinary] = await Promise.all([
    services.findMongod(report),
    services.findRedisServer(report),
  ]);
  const mongodDir = path.join(dir, 'mongod');
  const redisDir = path.join(dir, 'redis');
  const [mongod, redis] = await Promise.all([
    services.startMongod({ binary: mongodBinary, dataDir: mongodDir, enableTestCommands: true }),
    services.startRedisServer({ binary: redisBinary, dir: redisDir }),
  ]);
  process.env.OPD_TEST_MONGODB_URI = mongod.uri;
  process.env.OPD_TEST_REDIS_URL = redis.url;
  process.env.OPD_TEST_MONGOD_BINARY = mongodBinary;
  process.env.OPD_TEST_REDIS_BINARY = redisBinary;
  globalThis.opdTestServers = [mongod, redis];
};

/** Jest ends at once on a signal, without its teardown; the servers would stay. */
function endRunOnSignal() {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    process.once(signal, async () => {
      await globalTeardown();
      process.exit(128 + constants.signals[signal]);
    });
  }
}
