import {
  PROBLEMS,
  problemType,
  type Problem,
  type ProblemKind,
  type Refusal,
} from '@opd/contracts';
import { type FastifyReply, type FastifyRequest } from 'fastify';
import { refusalOf } from './faults';

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
  reply.code(kind.status).header('content-type', `${PROBLEM_MEDIA_TYPE}; charset=utf-8`);
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

/** The refusal for a path that no route serves. */
export const NOT_FOUND: Refusal = { code: 'NOT_FOUND', detail: 'There is no such resource.' };

/** The refusal for a path that is not a path. */
export const BAD_URL: Refusal = {
  code: 'VALIDATION_FAILED',
  detail: 'The URL could not be read.',
  extensions: { errors: [{ path: 'url', message: 'must be percent-encoded UTF-8' }] },
};

/** The refusal for bytes that are no HTTP request, or one with more headers than we read. */
export const BAD_HTTP: Refusal = {
  code: 'VALIDATION_FAILED',
  detail: 'The request could not be read.',
  extensions: { errors: [{ path: '', message: 'must be HTTP/1.1 with at most 16 kB of headers' }] },
};
