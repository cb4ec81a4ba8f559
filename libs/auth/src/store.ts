import { OutcomeUnknownError, StoreUnavailableError } from '@opd/contracts';
import {
  mongo,
  MongooseError,
  Schema,
  type Connection,
  type Model,
  type SchemaDefinition,
} from 'mongoose';

/** The server gives up an operation after this long. */
export const MAX_TIME_MS = 1_500;
/** We give up waiting after this long, also for a server that is frozen and cannot give up itself. */
const ANSWER_DEADLINE_MS = 2_000;
const DUPLICATE_KEY = 11_000;
/** MaxTimeMSExpired, and what a server says that is stepping down, shutting down or not primary. */
const AWAY_CODES = new Set<unknown>([50, 91, 189, 10_107, 11_600, 11_602, 13_435, 13_436]);

/** How every schema here is stored: exactly the named fields, and no index that a migration did not make. */
const SCHEMA_OPTIONS = {
  autoCreate: false,
  autoIndex: false,
  bufferCommands: false,
  versionKey: false,
  strict: 'throw',
  strictQuery: 'throw',
} as const;

/** A schema of the given fields; `_id` is a string that the caller makes. */
export function documentSchema<T>(fields: SchemaDefinition): Schema<T> {
  return new Schema<T>({ _id: { type: String, required: true }, ...fields }, SCHEMA_OPTIONS);
}

/** The model of a collection on this connection, made once however often it is asked for. */
export function modelOf<T>(
  connection: Connection,
  collection: string,
  schema: Schema<T>,
): Model<T> {
  const existing = connection.models[collection] as Model<T> | undefined;
  return existing ?? connection.model<T>(collection, schema, collection);
}

/** Whether a write was refused by a unique index. */
export function isDuplicateKey(error: unknown): boolean {
  return error instanceof mongo.MongoServerError && error.code === DUPLICATE_KEY;
}

/**
 * Reads, with a bound on the wait.
 *
 * @throws StoreUnavailableError when MongoDB is away, slow or changing its primary.
 */
export async function readStore<T>(read: () => PromiseLike<T>): Promise<T> {
  try {
    return await inTime(read());
  } catch (error) {
    if (isAway(error)) throw new StoreUnavailableError('MongoDB is away.', { cause: error });
    throw error;
  }
}

/**
 * Writes, with a bound on the wait. Whatever this lib writes may be written again.
 *
 * @throws StoreUnavailableError when the write was never sent; OutcomeUnknownError when it was, and
 * nothing came back.
 */
export async function writeStore<T>(write: () => PromiseLike<T>): Promise<T> {
  try {
    return await inTime(write());
  } catch (error) {
    if (wasNeverSent(error)) {
      throw new StoreUnavailableError('MongoDB is away.', { cause: error });
    }
    if (isAway(error)) {
      throw new OutcomeUnknownError('MongoDB did not confirm a write.', { cause: error });
    }
    throw error;
  }
}

/** Runs an upsert again when another process inserted the same key first. */
export async function upsertOnce<T>(upsert: () => Promise<T>): Promise<T> {
  try {
    return await upsert();
  } catch (error) {
    if (isDuplicateKey(error)) return upsert();
    throw error;
  }
}

async function inTime<T>(answer: PromiseLike<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const deadline = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new NoAnswer()), ANSWER_DEADLINE_MS);
  });
  try {
    return await Promise.race([answer, deadline]);
  } finally {
    clearTimeout(timer);
  }
}

class NoAnswer extends Error {
  constructor() {
    super(`No answer in ${ANSWER_DEADLINE_MS} ms.`);
  }
}

function wasNeverSent(error: unknown): boolean {
  return (
    error instanceof mongo.MongoServerSelectionError ||
    error instanceof mongo.MongoNotConnectedError ||
    (error instanceof MongooseError &&
      /ServerSelection|before initial connection/.test(`${error.name} ${error.message}`))
  );
}

function isAway(error: unknown): boolean {
  if (error instanceof NoAnswer || wasNeverSent(error)) return true;
  if (error instanceof mongo.MongoWriteConcernError) return true;
  if (error instanceof mongo.MongoServerError) return AWAY_CODES.has(error.code);
  // A socket that is reset while the driver writes to it: that error comes as Node made it.
  if (error instanceof Error && 'syscall' in error) return true;
  // What is left of the driver's errors is about the connection, but for calls made wrongly.
  return error instanceof mongo.MongoError && !(error instanceof mongo.MongoInvalidArgumentError);
}
