/**
 * Goal: every refusal and fault has one code, one status and one address, as the HTTP contract says.
 * Method: the contract's table, written out here, is compared with the code's in both directions.
 */
import type { SeatRefusal } from '@opd/capacity-core';
import {
  Problem,
  PROBLEM_CODES,
  PROBLEMS,
  ok,
  problemType,
  refused,
  type ProblemCode,
  type ProblemKind,
} from './problem';

const STATUS_OF_CODES: Record<number, ProblemCode[]> = {
  400: ['VALIDATION_FAILED'],
  401: ['UNAUTHENTICATED', 'INVALID_CREDENTIALS'],
  403: ['FORBIDDEN', 'TYPE_NOT_ALLOWED'],
  404: ['NOT_FOUND'],
  405: ['METHOD_NOT_ALLOWED'],
  409: [
    ...(['SLOT_FULL', 'ALREADY_BOOKED', 'SLOT_CLOSED', 'SLOT_ENDED'] as const),
    ...(['TOO_MANY_ACTIVE_BOOKINGS', 'TOO_MANY_BOOKINGS_IN_SLOT', 'SLOT_RECORD_FULL'] as const),
    ...(['INVALID_TRANSITION', 'ALREADY_EXISTS', 'SLOT_OVERLAPS', 'CAPACITY_IN_USE'] as const),
  ],
  413: ['BODY_TOO_LARGE'],
  415: ['UNSUPPORTED_MEDIA_TYPE'],
  422: ['IDEMPOTENCY_KEY_REUSED'],
  429: ['SLOT_BUSY', 'RATE_LIMITED'],
  500: ['INTERNAL'],
  503: ['LOCK_UNAVAILABLE', 'STORE_UNAVAILABLE', 'OUTCOME_UNKNOWN', 'DELIVERY_UNAVAILABLE'],
};
const EXPECTED = Object.entries(STATUS_OF_CODES).flatMap(([status, codes]) =>
  codes.map((code) => [code, Number(status)] as const),
);
const kindOf = (code: ProblemCode): ProblemKind => PROBLEMS[code];

// Each reason of the core is a problem: a new one that is missing here does not compile.
const REASONS = {
  SLOT_CLOSED: 409,
  SLOT_ENDED: 409,
  ALREADY_BOOKED: 409,
  TOO_MANY_ACTIVE_BOOKINGS: 409,
  TOO_MANY_BOOKINGS_IN_SLOT: 409,
  SLOT_RECORD_FULL: 409,
  SLOT_FULL: 409,
} satisfies Record<SeatRefusal['code'], number>;

describe('the table of problems', () => {
  it('has the codes of the contract and no others', () => {
    expect([...PROBLEM_CODES].sort()).toEqual(EXPECTED.map(([code]) => code).sort());
    expect(PROBLEM_CODES).toHaveLength(28);
  });

  it.each(EXPECTED)('%s is a %i', (code, status) => {
    expect(kindOf(code).status).toBe(status);
  });

  it.each(Object.entries(REASONS))('carries the reason %s of the core as %i', (code, status) => {
    expect(kindOf(code as ProblemCode).status).toBe(status);
  });

  it('says when to come back exactly where the same request may succeed later', () => {
    for (const code of PROBLEM_CODES) {
      const { status, retryAfterSeconds } = kindOf(code);
      expect({ code, says: retryAfterSeconds !== undefined }).toEqual({
        code,
        says: status === 429 || status === 503,
      });
      if (retryAfterSeconds !== undefined) expect(retryAfterSeconds).toBeGreaterThanOrEqual(1);
    }
  });

  it('never asks to wait longer for a slot than its lock can be held', () => {
    expect(PROBLEMS.SLOT_BUSY.retryAfterSeconds).toBeLessThanOrEqual(2);
    expect(PROBLEMS.LOCK_UNAVAILABLE.retryAfterSeconds).toBeLessThanOrEqual(2);
  });

  it('has a title of its own for every code', () => {
    expect(new Set(PROBLEM_CODES.map((code) => kindOf(code).title)).size).toBe(
      PROBLEM_CODES.length,
    );
  });
});

describe('problemType', () => {
  it('is a URI reference', () => {
    expect(problemType('SLOT_FULL')).toBe('/problems/slot-full');
    expect(problemType('TOO_MANY_ACTIVE_BOOKINGS')).toBe('/problems/too-many-active-bookings');
  });

  it('differs for every code, and holds nothing that a URI must escape', () => {
    const all = PROBLEM_CODES.map(problemType);
    expect(new Set(all).size).toBe(all.length);
    expect(all.filter((type) => !/^\/problems\/[a-z]+(-[a-z]+)*$/.test(type))).toEqual([]);
  });
});

describe('Problem', () => {
  const body = {
    ...{ type: '/problems/slot-full', title: 'The slot is full', status: 409 },
    ...{ code: 'SLOT_FULL', requestId: 'r-1', openTiers: ['CRITICAL'] },
  };

  it('keeps what a code carries beside the standard members', () => {
    expect(Problem.parse(body)).toEqual(body);
  });

  it.each([{ code: 'FULL' }, { requestId: undefined }, { status: '409' }])(
    'refuses %j',
    (change) => {
      expect(Problem.safeParse({ ...body, ...change }).success).toBe(false);
    },
  );
});

describe('Outcome', () => {
  it('is a value or a refusal', () => {
    const refusal = { code: 'NOT_FOUND', detail: 'There is no such slot.' } as const;
    expect(ok(7)).toEqual({ ok: true, value: 7 });
    expect(refused(refusal)).toEqual({ ok: false, refusal });
  });
});
