import {
  OutcomeUnknownError,
  PROBLEMS,
  problemType,
  StoreUnavailableError,
  type Problem,
  type ProblemKind,
  type Refusal,
} from '@opd/contracts';
import { HttpException } from '@nestjs/common';
import { type FastifyReply, type FastifyRequest } from 'fastify';
import { mongo } from 'mongoose';
import { InvalidInputError } from './check';

/** The media type of every answer that is not a success (RFC 9457). */
export const PROBLEM_MEDIA_TYPE = 'application/problem+json';

/** The body of a refusal for this request. Extensions never overwrite the standard members. */
export function problemBody(refusal: Refusal, requestId: string): Problem {
  const { status, title } = PROBLEMS[refusal.code];
  const type = problemType(refusal.code);
  const standard = { type, title, status, detail: refusal.detail, code: refusal.code, requestId };
  return { ...standard, ...refusal.extensions, ...standard };
}

/** Sets status and headers of a refusal and returns the body to send. */
export function prepareRefusal(
  request: FastifyRequest,
  reply: FastifyReply,
  refusal: Refusal,
): Problem {
  const kind: ProblemKind = PROBLEMS[refusal.code];
  const retryAfterSeconds = refusal.retryAfterSeconds ?? kind.retryAfterSeconds;
  request.problemCode = refusal.code;
  reply.code(kind.status).header('content-type', PROBLEM_MEDIA_TYPE);
  if (retryAfterSeconds !== undefined) reply.header('retry-after', Math.ceil(retryAfterSeconds));
  return problemBody(refusal, request.id);
}

/** Answers with a refusal. */
export function sendRefusal(
  request: FastifyRequest,
  reply: FastifyReply,
  refusal: Refusal,
): FastifyReply {
  return reply.send(JSON.stringify(prepareRefusal(request, reply, refusal)));
}

/**
 * Answers a thrown error. What was thrown by the parsers or by a store out of reach has a code of its
 * own; the rest is a bug: 500, logged with its stack, and the client learns the request id only.
 */
export function sendError(request: FastifyRequest, reply: FastifyReply, error: unknown): void {
  const refusal = refusalOf(error, request.method);
  const { status } = PROBLEMS[refusal.code];
  if (status === 500) request.log.error({ err: error }, 'request failed');
  else if (status === 503) request.log.warn({ err: error }, 'request not served');
  // A handler may come back long after its time was up and its client answered.
  if (reply.sent) return;
  void sendRefusal(request, reply, refusal);
}

/** What a thrown error means to the client. */
export function refusalOf(error: unknown, method: string): Refusal {
  if (error instanceof InvalidInputError) {
    const { errors } = error;
    return { code: 'VALIDATION_FAILED', detail: error.message, extensions: { errors } };
  }
  return storeRefusal(error) ?? timeoutRefusal(error, method) ?? parserRefusal(error) ?? INTERNAL;
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

function storeRefusal(error: unknown): Refusal | undefined {
  if (error instanceof OutcomeUnknownError) return OUTCOME_UNKNOWN;
  if (error instanceof StoreUnavailableError) return STORE_UNAVAILABLE;
  // Connection lost, no primary, pool exhausted: the store's part did not say more.
  return isConnectionFault(error) ? STORE_UNAVAILABLE : undefined;
}

function isConnectionFault(error: unknown): boolean {
  return (
    error instanceof mongo.MongoNetworkError ||
    error instanceof mongo.MongoServerSelectionError ||
    error instanceof mongo.MongoNotConnectedError ||
    (error instanceof mongo.MongoError && error.name === 'MongoWaitQueueTimeoutError') ||
    (error instanceof Error && error.name === 'MongooseServerSelectionError')
  );
}

// A read that took too long changed nothing; a write may have.
function timeoutRefusal(error: unknown, method: string): Refusal | undefined {
  if (codeOf(error) !== 'FST_ERR_HANDLER_TIMEOUT') return undefined;
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

/** The refusal for a path that no route serves. */
export const NOT_FOUND: Refusal = { code: 'NOT_FOUND', detail: 'There is no such resource.' };

/** The refusal for a path that is not a path. */
export const BAD_URL: Refusal = {
  code: 'VALIDATION_FAILED',
  detail: 'The URL could not be read.',
  extensions: { errors: [{ path: 'url', message: 'must be percent-encoded UTF-8' }] },
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
