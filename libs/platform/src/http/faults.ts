import { OutcomeUnknownError, StoreUnavailableError, type Refusal } from '@opd/contracts';
import { HttpException } from '@nestjs/common';
import { InvalidInputError } from './check';

/** A handler did not answer in time; it may still be at work. */
export class HandlerTimeoutError extends Error {
  constructor(route: string, timeoutMs: number) {
    super(`${route} was not answered within ${timeoutMs} ms`);
    this.name = 'HandlerTimeoutError';
  }
}

/** What a thrown error means to the client. */
export function refusalOf(error: unknown, method: string): Refusal {
  if (error instanceof InvalidInputError) {
    const { errors } = error;
    return { code: 'VALIDATION_FAILED', detail: error.message, extensions: { errors } };
  }
  return storeRefusal(error, method) ?? parserRefusal(error) ?? INTERNAL;
}

const INTERNAL: Refusal = {
  code: 'INTERNAL',
  detail: 'Something went wrong on our side. Tell us the request id.',
};

const OUTCOME_UNKNOWN: Refusal = {
  code: 'OUTCOME_UNKNOWN',
  detail:
    'It could not be found out in time whether this took effect. Send the same request again, with the same Idempotency-Key if it had one.',
};

const STORE_UNAVAILABLE: Refusal = {
  code: 'STORE_UNAVAILABLE',
  detail: 'The records cannot be reached for the moment. Nothing was changed.',
};

function storeRefusal(error: unknown, method: string): Refusal | undefined {
  if (error instanceof OutcomeUnknownError) return OUTCOME_UNKNOWN;
  if (error instanceof StoreUnavailableError || wasNotSent(error)) return STORE_UNAVAILABLE;
  return wasInterrupted(error) ? interrupted(method) : undefined;
}

// What escapes from the driver itself; by name, not by class: two copies of it may be installed.
// No server or no free connection means that nothing was sent, because the driver does not repeat
// writes (see connectMongo); otherwise this could be the second try, hiding a first one that was.
const NOT_SENT = [
  'MongoServerSelectionError',
  'MongooseServerSelectionError',
  'MongoNotConnectedError',
  'MongoTopologyClosedError',
  'MongoPoolClearedError',
  'MongoWaitQueueTimeoutError',
];

const CONNECTION_LOST = [
  'MongoNetworkError',
  'MongoNetworkTimeoutError',
  'MongoPoolClearedOnNetworkError',
];

// Took too long (50), not acknowledged by a majority in time (64), or a server that was stopping or
// no primary any more: the names are in MongoDB's src/mongo/base/error_codes.yml.
const INTERRUPTED_CODES = [50, 64, 91, 189, 10107, 11600, 11602, 13435, 13436];

function wasNotSent(error: unknown): boolean {
  return error instanceof Error && NOT_SENT.includes(error.name);
}

/** The work was begun, and its answer is missing or says nothing about its effect. */
function wasInterrupted(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if (error instanceof HandlerTimeoutError) return true;
  if (CONNECTION_LOST.includes(error.name)) return true;
  const isServerError = error.name.startsWith('Mongo') && 'code' in error;
  return isServerError && INTERRUPTED_CODES.includes(Number(error.code));
}

// A read that was interrupted changed nothing; a write may have.
function interrupted(method: string): Refusal {
  return method === 'GET' || method === 'HEAD' ? STORE_UNAVAILABLE : OUTCOME_UNKNOWN;
}

const BY_STATUS: Readonly<Record<number, Refusal>> = {
  400: {
    code: 'VALIDATION_FAILED',
    detail: 'The request could not be read.',
    extensions: { errors: [{ path: '', message: 'must be well-formed JSON' }] },
  },
  404: { code: 'NOT_FOUND', detail: 'There is nothing here.' },
  413: { code: 'BODY_TOO_LARGE', detail: 'The body must have at most 16 kB.' },
  415: {
    code: 'UNSUPPORTED_MEDIA_TYPE',
    detail: 'Send the body as application/json.',
  },
};

function parserRefusal(error: unknown): Refusal | undefined {
  if (error instanceof HttpException) return BY_STATUS[error.getStatus()];
  const code = codeOf(error) ?? '';
  // ECONNRESET with a status: the client left in the middle of its body.
  const isParserError = code.startsWith('FST_ERR_') || code === 'ECONNRESET';
  if (!isParserError || !(error instanceof Error) || !('statusCode' in error)) return undefined;
  return BY_STATUS[Number(error.statusCode)];
}

function codeOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}
