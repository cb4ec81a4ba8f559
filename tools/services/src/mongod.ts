import { mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import mongoose from 'mongoose';
import { choosePort, isListening } from './free-port';
import { turnOverLog } from './log-file';
import { RECORD_SUFFIX, stopOrphan, writeRecord } from './process-record';
import { StartedChild, type ServerProcess } from './server-process';
import { type Report } from './bounded-command';

/** A running `mongod`, primary of the single-node replica set `opd`. */
export interface MongodProcess extends ServerProcess {
  /** `mongodb://127.0.0.1:PORT/?replicaSet=opd`: reaches the primary, names no database. */
  uri: string;
}

/** How `startMongod` starts. */
export interface MongodOptions {
  binary: string;
  /** Holds the data, the log and the port of the last start; made when missing. */
  dataDir: string;
  /** Default: the port of the last start on this folder, or a free one. */
  port?: number;
  /** Lets tests use `failCommand`; never for data that matters. */
  enableTestCommands?: boolean;
  /** Hears what takes longer than a moment, for example an orphan being stopped. */
  report?: Report;
}

const REPLICA_SET = 'opd';
const READY_MS = 60_000;
const CACHE_GIGABYTES = '0.25';
const OPLOG_MEGABYTES = '128';
const NOT_YET_INITIALIZED = 94;

/**
 * Starts MongoDB on 127.0.0.1 and resolves when it is the primary and takes writes. Data of an
 * earlier start on the same folder is found again, on whatever port. A server left behind by a
 * parent that was killed is stopped first; one whose parent still lives is refused. Rejects with
 * the end of the server's log when it does not come up.
 */
export async function startMongod(options: MongodOptions): Promise<MongodProcess> {
  const dataDir = resolve(options.dataDir);
  const dbPath = join(dataDir, 'db');
  const recordFile = join(dataDir, `mongod${RECORD_SUFFIX}`);
  await mkdir(dbPath, { recursive: true });
  const last = await stopOrphan(recordFile);
  const port = await choosePort('MongoDB', { asked: options.port, last: last?.port });
  const logFile = join(dataDir, 'mongod.log');
  await turnOverLog(logFile);
  const child = await StartedChild.start(
    options.binary,
    mongodArgs({ dbPath, logFile, port }, options),
  );
  await writeRecord(recordFile, { pid: child.pid, port, marker: dbPath });
  await waitForPrimary(child, { port, logFile });
  return {
    uri: `mongodb://127.0.0.1:${port}/?replicaSet=${REPLICA_SET}`,
    port,
    pid: child.pid,
    ended: child.ended,
    stop: () => child.stop(),
    signal: (name) => child.signal(name),
  };
}

function mongodArgs(
  at: { dbPath: string; logFile: string; port: number },
  options: MongodOptions,
): string[] {
  const parameters = ['diagnosticDataCollectionEnabled=false'];
  if (options.enableTestCommands) parameters.push('enableTestCommands=1');
  return [
    ...['--dbpath', at.dbPath, '--port', String(at.port), '--bind_ip', '127.0.0.1'],
    ...['--replSet', REPLICA_SET, '--oplogSize', OPLOG_MEGABYTES, '--nounixsocket'],
    ...['--wiredTigerCacheSizeGB', CACHE_GIGABYTES, '--logpath', at.logFile, '--logappend'],
    ...parameters.flatMap((parameter) => ['--setParameter', parameter]),
  ];
}

async function waitForPrimary(
  child: StartedChild,
  at: { port: number; logFile: string },
): Promise<void> {
  const host = `127.0.0.1:${at.port}`;
  const isReady = async () => {
    // The driver's first retry comes late, so it is asked only when somebody listens.
    if (!(await isListening(at.port))) return false;
    // A client that once failed to connect is of no use any more: a fresh one for each try.
    const client = new mongoose.mongo.MongoClient(`mongodb://${host}/`, {
      directConnection: true,
      serverSelectionTimeoutMS: 2_000,
    });
    try {
      const admin = client.db('admin');
      await configure(admin, host);
      const hello = await admin.command({ hello: 1 });
      return hello['isWritablePrimary'] === true;
    } finally {
      await client.close();
    }
  };
  await child.waitUntilReady(isReady, {
    timeoutMs: READY_MS,
    title: 'mongod',
    logFile: at.logFile,
  });
}

/** Makes the server the only member, under the address that it has now. */
async function configure(admin: mongoose.mongo.Db, host: string): Promise<void> {
  const found = await admin.command({ replSetGetConfig: 1 }).catch((error: { code?: unknown }) => {
    if (error.code === NOT_YET_INITIALIZED) return undefined;
    throw error;
  });
  const members = [{ _id: 0, host }];
  if (!found) {
    await admin.command({ replSetInitiate: { _id: REPLICA_SET, version: 1, members } });
    return;
  }
  const config = found['config'] as { version: number; members: { host: string }[] };
  if (config.members[0]?.host !== host) {
    // The port changed; the server knows itself no more, so nobody else can agree to this.
    const next = { ...config, version: config.version + 1, members };
    await admin.command({ replSetReconfig: next, force: true });
  }
}
