import { z } from 'zod';

/** One row of the table of refusals and faults: what a code means over HTTP. */
export interface ProblemKind {
  readonly status: number;
  readonly title: string;
  /** Sent as `Retry-After` when the same request may succeed later, unchanged. */
  readonly retryAfterSeconds?: number;
}

/**
 * Every code an API answers with. The only place where a code meets its HTTP status;
 * `docs/problem-codes.md` is compared with it by a test in both directions.
 */
export const PROBLEMS = {
  VALIDATION_FAILED: { status: 400, title: 'The request is not valid' },
  UNAUTHENTICATED: { status: 401, title: 'Sign in first' },
  INVALID_CREDENTIALS: { status: 401, title: 'The credentials are not valid' },
  FORBIDDEN: { status: 403, title: 'This is not yours to do' },
  TYPE_NOT_ALLOWED: { status: 403, title: 'This booking type cannot be booked here' },
  NOT_FOUND: { status: 404, title: 'Not found' },
  METHOD_NOT_ALLOWED: { status: 405, title: 'The method is not allowed here' },
  SLOT_CLOSED: { status: 409, title: 'The slot is closed' },
  SLOT_ENDED: { status: 409, title: 'The slot takes no more bookings of this type' },
  ALREADY_BOOKED: { status: 409, title: 'The patient has a booking with this doctor on this day' },
  TOO_MANY_ACTIVE_BOOKINGS: { status: 409, title: 'The patient has too many active bookings' },
  TOO_MANY_BOOKINGS_IN_SLOT: {
    status: 409,
    title: 'The patient has booked this slot too often',
  },
  SLOT_RECORD_FULL: { status: 409, title: 'The slot can record no further booking' },
  SLOT_FULL: { status: 409, title: 'The slot is full for this booking type' },
  INVALID_TRANSITION: { status: 409, title: 'The booking cannot go there from where it is' },
  ALREADY_EXISTS: { status: 409, title: 'This exists already' },
  SLOT_OVERLAPS: { status: 409, title: 'The doctor has a slot at this time' },
  CAPACITY_IN_USE: { status: 409, title: 'More patients are booked than this capacity holds' },
  BODY_TOO_LARGE: { status: 413, title: 'The body is too large' },
  UNSUPPORTED_MEDIA_TYPE: { status: 415, title: 'The media type is not supported' },
  IDEMPOTENCY_KEY_REUSED: {
    status: 422,
    title: 'The idempotency key was used for another request',
  },
  SLOT_BUSY: { status: 429, title: 'The slot is busy', retryAfterSeconds: 1 },
  RATE_LIMITED: { status: 429, title: 'Too many requests', retryAfterSeconds: 60 },
  INTERNAL: { status: 500, title: 'Something went wrong on our side' },
  LOCK_UNAVAILABLE: {
    status: 503,
    title: 'Booking is not possible for the moment',
    retryAfterSeconds: 1,
  },
  STORE_UNAVAILABLE: {
    status: 503,
    title: 'The records cannot be reached for the moment',
    retryAfterSeconds: 1,
  },
  OUTCOME_UNKNOWN: {
    status: 503,
    title: 'It is not known whether the request took effect',
    retryAfterSeconds: 1,
  },
  DELIVERY_UNAVAILABLE: {
    status: 503,
    title: 'The code cannot be delivered for the moment',
    retryAfterSeconds: 30,
  },
} as const satisfies Record<string, ProblemKind>;

/** A code of {@link PROBLEMS}. */
export type ProblemCode = keyof typeof PROBLEMS;

/** All codes, in the order of the table. */
export const PROBLEM_CODES = Object.keys(PROBLEMS) as ProblemCode[];

/** Codes that say: no, for a reason the asker can understand. Faults are no refusals. */
export interface Refusal {
  readonly code: ProblemCode;
  /** One sentence for a person, without personal data. */
  readonly detail: string;
  /** Seconds for `Retry-After`, where the table's value is too coarse. */
  readonly retryAfterSeconds?: number;
  /** What the code carries beside the standard members (RFC 9457, section 3.2). */
  readonly extensions?: Readonly<Record<string, unknown>>;
}

/** What a use-case returns: the value, or a refusal. A thrown error means a bug or a broken part. */
export type Outcome<T> =
  { readonly ok: true; readonly value: T } | { readonly ok: false; readonly refusal: Refusal };

/** Wraps the value of a use-case that went well. */
export function ok<T>(value: T): Outcome<T> {
  return { ok: true, value };
}

/** Wraps a refusal. */
export function refused(refusal: Refusal): { readonly ok: false; readonly refusal: Refusal } {
  return { ok: false, refusal };
}

/** The URI reference of a code, for the `type` member of RFC 9457: `/problems/slot-full`. */
export function problemType(code: ProblemCode): string {
  return `/problems/${code.toLowerCase().replaceAll('_', '-')}`;
}

/** The body of every answer that is not a success (RFC 9457), media type `application/problem+json`. */
export const Problem = z
  .looseObject({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    detail: z.string().optional(),
    code: z.enum(PROBLEM_CODES as [ProblemCode, ...ProblemCode[]]),
    requestId: z.string(),
    errors: z.array(z.object({ path: z.string(), message: z.string() })).optional(),
  })
  .meta({ id: 'Problem' });
export type Problem = z.infer<typeof Problem>;
