import { setTimeout as sleep } from 'node:timers/promises';
import {
  Global,
  Inject,
  Module,
  type DynamicModule,
  type OnApplicationShutdown,
} from '@nestjs/common';
import { getConnectionToken } from '@nestjs/mongoose';
import { Mongoose, type Connection, type ConnectOptions } from 'mongoose';
import { type ReadinessCheck } from './observe/health';
import { type Settings } from './settings';

const DEFAULT_DATABASE = 'elastic_opd';
const BOOT_WAIT_MS = 10_000;
const BOOT_PAUSE_MS = 250;

/** The process cannot start, for a reason that its operator can do something about. */
export class BootError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'BootError';
  }
}

// Every wait has a bound: the driver's own `timeoutMS` does nothing in this version, its parts do.
const OPTIONS: ConnectOptions = {
  serverSelectionTimeoutMS: 1_500,
  connectTimeoutMS: 1_000,
  socketTimeoutMS: 2_500,
  waitQueueTimeoutMS: 1_500,
  // Rounds run one at a time, reads and the desk's steps beside them; more would only queue in MongoDB.
  maxPoolSize: 50,
  minPoolSize: 2,
  // An answer given must not be rolled back, and no decision may rest on one that can be.
  writeConcern: { w: 'majority', wtimeoutMS: 1_000 },
  readConcern: { level: 'majority' },
  readPreference: 'primary',
  // A driver that retries by itself reports a missing server although its first try was sent; then
  // "not sent" and "not known" could not be told apart. Whoever writes repeats it himself.
  retryWrites: false,
  retryReads: true,
};

/**
 * Connects to the replica set of the settings, waiting up to 10 s for it. Unknown filter fields
 * throw, operators in values are taken literally, nothing is buffered, no index is made by itself.
 * @throws BootError when MongoDB does not answer in time, or is no replica set.
 */
export async function connectMongo(settings: Pick<Settings, 'mongodbUri'>): Promise<Connection> {
  const givenUpAtMs = performance.now() + BOOT_WAIT_MS;
  for (;;) {
    try {
      return await connectOnce(settings.mongodbUri);
    } catch (error) {
      if (error instanceof BootError) throw error;
      if (performance.now() + BOOT_PAUSE_MS > givenUpAtMs) {
        const where = withoutCredentials(settings.mongodbUri);
        throw new BootError(
          `MongoDB at ${where} did not answer within ${BOOT_WAIT_MS / 1_000} s: ${reasonOf(error)}`,
          { cause: error },
        );
      }
    }
    await sleep(BOOT_PAUSE_MS);
  }
}

async function connectOnce(uri: string): Promise<Connection> {
  // An instance of its own: these promises hold whatever others do to mongoose's global one.
  const mongoose = new Mongoose({
    bufferCommands: false,
    autoIndex: false,
    autoCreate: false,
    sanitizeFilter: true,
    strictQuery: 'throw',
  });
  const dbName = databaseOf(uri) ?? DEFAULT_DATABASE;
  const connection = mongoose.createConnection(uri, { ...OPTIONS, dbName });
  try {
    await connection.asPromise();
    await assertReplicaSet(connection, uri);
    return connection;
  } catch (error) {
    await connection.close(true);
    throw error;
  }
}

// Without one there is no majority, and an acknowledged booking could be lost.
async function assertReplicaSet(connection: Connection, uri: string): Promise<void> {
  const hello = await connection.db?.admin().command({ hello: 1 });
  if (hello?.['setName'] === undefined && hello?.['msg'] !== 'isdbgrid') {
    const where = withoutCredentials(uri);
    throw new BootError(`MongoDB at ${where} is no replica set: start it with --replSet`);
  }
}

function databaseOf(uri: string): string | undefined {
  return /^[^/]+\/\/[^/]+\/([^?]+)/.exec(uri)?.[1];
}

function withoutCredentials(uri: string): string {
  return uri.replace(/\/\/[^@/]*@/, '//').replace(/\?.*$/, '');
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? withoutCredentials(error.message) : 'unknown error';
}

/** Passes when MongoDB's primary answers; for `/health/ready`. */
export function mongoCheck(connection: Connection): ReadinessCheck {
  return async () => connection.db?.admin().command({ ping: 1 });
}

/** The connection for all of Nest's modules (`@InjectConnection()`, `MongooseModule.forFeature`). */
@Global()
@Module({})
export class MongoModule implements OnApplicationShutdown {
  constructor(@Inject(getConnectionToken()) private readonly connection: Connection) {}

  /** Gives out a connection made by {@link connectMongo}, and closes it after the last request. */
  static forConnection(connection: Connection): DynamicModule {
    const provider = { provide: getConnectionToken(), useValue: connection };
    return { module: MongoModule, providers: [provider], exports: [provider] };
  }

  async onApplicationShutdown(): Promise<void> {
    await this.connection.close();
  }
}
