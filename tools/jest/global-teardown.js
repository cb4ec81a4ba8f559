/** Stops the servers of the run and whatever a crashed suite left, and removes their data. */
module.exports = async function globalTeardown() {
  const services = require('../services/src/index.ts');
  await Promise.all((globalThis.opdTestServers ?? []).map((server) => server.stop()));
  if (process.env.OPD_TEST_DIR) await services.endRun(process.env.OPD_TEST_DIR);
};
