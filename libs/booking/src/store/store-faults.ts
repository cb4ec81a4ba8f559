import { OutcomeUnknownError, StoreUnavailableError } from '@opd/contracts';
import mongoose from 'mongoose';
import { within, type Clock } from '../clock';

const { MongoServerError, MongoServerSelectionError, MongoNotConnectedError } = mongoose.mongo;

/** MongoDB's code for a unique index that was met. */
export const DUPLICATE_KEY = 11000;

/** How long one trip to MongoDB may take before its caller is told, in milliseconds. */
export const STORE_TRIP_TIMEOUT_MS = 2_000;

/**
 * Runs one read. Settles within `timeoutMs`; a read that is given up goes on without harm.
 * @throws StoreUnavailableError if MongoDB is away, slow or refuses.
 */
export async function reading<T>(
  clock: Clock,
  work: Promise<T>,
  timeoutMs: number = STORE_TRIP_TIMEOUT_MS,
): Promise<T> {
  try {
    return await within(clock, work, { timeoutMs, onTimeout: () => timedOut('A read', timeoutMs) });
  } catch (error) {
    throw new StoreUnavailableError('MongoDB could not be read', { cause: error });
  }
}

/**
 * Runs one write. Settles within `timeoutMs`; a write that is given up may still land.
 * @throws StoreUnavailableError if the write was certainly not sent.
 * @throws OutcomeUnknownError if it may have taken effect, now or later.
 * @throws MongoServerError as it is, where the server says that this write was refused for good:
 * a duplicate key or a document that fails validation.
 */
export async function writing<T>(
  clock: Clock,
  work: Promise<T>,
  timeoutMs: number = STORE_TRIP_TIMEOUT_MS,
): Promise<T> {
  try {
    return await within(clock, work, {
      timeoutMs,
      onTimeout: () => timedOut('A write', timeoutMs),
    });
  } catch (error) {
    if (isRefusedForGood(error)) throw error;
    if (wasNotSent(error))
      throw new StoreUnavailableError('MongoDB could not be reached', { cause: error });
    throw new OutcomeUnknownError('The outcome of a write is not known', { cause: error });
  }
}

/** MongoDB's code for a document that its collection's validator refuses. */
export const DOCUMENT_VALIDATION_FAILURE = 121;

/** True where one operation was refused by the server and certainly did not take effect. */
export function isRefusedForGood(error: unknown): boolean {
  return (
    error instanceof MongoServerError &&
    (error.code === DUPLICATE_KEY || error.code === DOCUMENT_VALIDATION_FAILURE) &&
    !error.hasErrorLabel('RetryableWriteError')
  );
}

/**
 * True where no byte of the operation left this process. Relies on `retryWrites: false`: a driver
 * that retries reports the second attempt's missing server although the first attempt was sent.
 */
export function wasNotSent(error: unknown): boolean {
  return (
    error instanceof MongoServerSelectionError ||
    error instanceof MongoNotConnectedError ||
    (error instanceof Error && error.name === 'MongoWaitQueueTimeoutError')
  );
}

function timedOut(what: string, timeoutMs: number): Error {
  return new Error(`${what} took longer than ${timeoutMs} ms`);
}

/** A guarded update is tried anew this long, in milliseconds, while its outcome is open. */
const SETTLE_WITHIN_MS = 2_500;

/**
 * What a repeated try says when it must not send its update again: the first one got lost, and what
 * was read since may be its work, changed again by others.
 */
export const OVERTAKEN = { outcome: 'OVERTAKEN' } as const;
/** See {@link OVERTAKEN}. */
export type Overtaken = typeof OVERTAKEN;

/**
 * Repeats an update that reads first and is guarded by what it read. `tryOnce` gives undefined where
 * the guard did not match any more, and OVERTAKEN where a lost update may have taken effect already:
 * it sends it again only under the guard of the lost one, so that one of the two at most can match.
 * Settles within 2.5 s.
 * @throws StoreUnavailableError if nothing took effect, OutcomeUnknownError if something may have;
 * repeating the whole is safe in both cases.
 */
export function untilSettled<T extends { readonly outcome: string }>(
  clock: Clock,
  tryOnce: () => Promise<T | Overtaken | undefined>,
): Promise<T> {
  const deadlineMs = clock.monotonicMs() + SETTLE_WITHIN_MS;
  const onTimeout = () => new OutcomeUnknownError('A change was not settled in time');
  const work = tryUntil(deadlineMs, clock, tryOnce);
  return within(clock, work, { timeoutMs: SETTLE_WITHIN_MS, onTimeout });
}

async function tryUntil<T extends { readonly outcome: string }>(
  deadlineMs: number,
  clock: Clock,
  tryOnce: () => Promise<T | Overtaken | undefined>,
): Promise<T> {
  let lost = undefined as OutcomeUnknownError | undefined;
  while (clock.monotonicMs() < deadlineMs) {
    const result = await tryOnce().catch((error: unknown) => {
      if (!(error instanceof OutcomeUnknownError)) throw lost ?? error;
      lost ??= error;
      return undefined;
    });
    if (!result) continue;
    // An update that got lost may still match one day: then "no" would be a lie.
    if (lost && result.outcome !== 'DONE') throw lost;
    if (!isOvertaken(result)) return result;
  }
  throw lost ?? new StoreUnavailableError('The slot kept changing while a change was tried');
}

function isOvertaken(result: { readonly outcome: string }): result is Overtaken {
  return result.outcome === OVERTAKEN.outcome;
}
