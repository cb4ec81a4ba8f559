import mongoose from 'mongoose';

const {
  MongoBulkWriteError,
  MongoNetworkError,
  MongoServerError,
  MongoServerSelectionError,
  MongoWriteConcernError,
} = mongoose.mongo;

/** Code of MongoDB for a majority that did not acknowledge in time. */
const WRITE_CONCERN_TIMEOUT = 64;
const NOT_WRITABLE_PRIMARY = 10_107;

/** One operation of a bulk that the server refused. */
export interface RefusedWrite {
  readonly index: number;
  readonly code: number;
}

/** What a bulk did, as the driver counts it. */
export interface BulkCounts {
  readonly matchedCount: number;
  readonly refused: readonly RefusedWrite[];
  readonly isAcknowledged: boolean;
}

/** The connection broke: the operation took effect, or it did not. */
export function connectionLost(): Error {
  return new MongoNetworkError('connection 1 to 127.0.0.1:27017 closed');
}

/** No server could be chosen: nothing was sent. */
export function noServer(): Error {
  return new MongoServerSelectionError('Server selection timed out', {} as never);
}

/** The member that was asked does not lead any more. */
export function notPrimary(): Error {
  return new MongoServerError({ message: 'not primary', code: NOT_WRITABLE_PRIMARY });
}

/** A single write that the server refused for good. */
export function refusedWrite(code: number): Error {
  return new MongoServerError({ message: 'The write was refused', code });
}

/** A single write that took effect on the primary, and not on a majority in time. */
export function notAcknowledged(): Error {
  const writeConcernError = { code: WRITE_CONCERN_TIMEOUT, errmsg: 'waiting timed out' };
  return new MongoWriteConcernError({ writeConcernError, ok: 1 });
}

/** The driver's result of a bulk, as far as it is looked at. */
export class BulkResult {
  readonly #counts: BulkCounts;

  constructor(counts: BulkCounts) {
    this.#counts = counts;
  }

  get matchedCount(): number {
    return this.#counts.matchedCount;
  }

  getWriteErrors(): readonly RefusedWrite[] {
    return this.#counts.refused;
  }

  getWriteConcernError(): { readonly code: number } | undefined {
    return this.#counts.isAcknowledged ? undefined : { code: WRITE_CONCERN_TIMEOUT };
  }
}

/** The result of a bulk, or the error that the driver makes of it. @throws MongoBulkWriteError */
export function bulkOutcome(counts: BulkCounts): BulkResult {
  const result = new BulkResult(counts);
  const [first] = counts.refused;
  const code = first?.code ?? (counts.isAcknowledged ? undefined : WRITE_CONCERN_TIMEOUT);
  if (code === undefined) return result;
  throw new MongoBulkWriteError({ message: 'A bulk write failed', code }, result as never);
}

/**
 * What the driver makes of any error under a bulk, a server that could not be chosen included: its
 * own kind of error, with a result that counts nothing.
 */
export function bulkError(error: Error): Error {
  const nothing = new BulkResult({ matchedCount: 0, refused: [], isAcknowledged: true });
  return new MongoBulkWriteError(error, nothing as never);
}
