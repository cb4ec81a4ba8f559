export { findMongod, findRedisServer } from './find-binary';
export { startMongod, type MongodOptions, type MongodProcess } from './mongod';
export { startRedisServer, type RedisOptions, type RedisProcess } from './redis-server';
export { StartedChild, type ServerProcess } from './server-process';
export { endRun, endAbandonedRuns } from './run-folder';
export { freePort, isListening, isPortFree } from './free-port';
export { runBounded, type CommandBounds, type CommandResult, type Report } from './bounded-command';
export {
  isSameProcess,
  RECORD_SUFFIX,
  stopOrphan,
  thisProcess,
  writeRecord,
  type ProcessIdentity,
  type ProcessRecord,
} from './process-record';
