/**
 * Goal: the requests of one slot are decided in their order, each on what the ones before it left,
 * and by the order of checks that the HTTP contract promises. Method: slots built by hand, decided
 * in memory; what would be written is read off the plan.
 */
import { decideSlot, hasLanded, type SlotPlan } from './decide-slot';
import { RoundView } from './round-store';
import type { SeatRequest, SeatWish } from './seat-request';
import type { SlotDocument } from '../store/slot-document';
import {
  asRead,
  bookingRecord,
  bookingRecords,
  DAY,
  MORNING_MS,
  NINE,
  seatRequest,
  slotDocument,
  slotHolding,
  TEN,
} from '../testing/records';

const BOUNDS = { activeBookingsPerPatient: 5, bookingsOfPatientInSlot: 3, bookingsInSlot: 200 };

function decide(
  slots: readonly SlotDocument[],
  requests: readonly SeatRequest[],
  changes: { nowMs?: number; bounds?: Partial<typeof BOUNDS> } = {},
): SlotPlan {
  const { nowMs = MORNING_MS } = changes;
  const view = new RoundView(slots.map(asRead));
  return decideSlot(NINE, requests, { view, bounds: { ...BOUNDS, ...changes.bounds }, nowMs });
}

/** Each answer in one word: the token of who is admitted, else the code. */
function words({ answers }: SlotPlan): (number | string)[] {
  return answers.map(({ answer }) => {
    if (answer.outcome === 'ADMITTED') return answer.booking.tokenNumber;
    return answer.outcome === 'REFUSED' ? answer.refusal.code : answer.outcome;
  });
}

const ask = (...wishes: Partial<SeatWish>[]) => wishes.map((wish) => seatRequest(wish));
const NOSHOW = { status: 'NOSHOW', noShowAt: new Date(MORNING_MS) } as const;
const reinstate = (bookingId: string, patientId: string): Partial<SeatWish> => ({
  kind: 'REINSTATE',
  bookingId,
  patientId,
});

describe('bookings of one round', () => {
  it('get seats and tokens in their order, in one write with the version that was read', () => {
    const plan = decide([slotHolding(bookingRecords(3))], ask({}, {}, {}));
    expect(words(plan)).toEqual([4, 5, 6]);
    expect(plan.write).toMatchObject({ slotId: NINE, version: 3, doctorDay: `dr-rao_${DAY}` });
    expect(plan.write?.bookings.map(({ tokenNumber }) => tokenNumber)).toEqual([4, 5, 6]);
    expect(plan.write?.reinstatements).toEqual([]);
  });

  it('are judged tier by tier on one count', () => {
    const types = ['ONLINE', 'WALKIN', 'PAID', 'FOLLOWUP', 'PAID', 'EMERGENCY'] as const;
    const plan = decide([slotHolding(bookingRecords(9))], ask(...types.map((type) => ({ type }))));
    expect(words(plan)).toEqual([10, 'SLOT_FULL', 11, 12, 'SLOT_FULL', 13]);
  });

  it('record who asked, when, under which key and at what tier', () => {
    const by = { userId: 'u_desk', role: 'DESK' } as const;
    const plan = decide(
      [slotDocument()],
      ask({ type: 'PAID', by, idempotencyKey: 'k', bookingId: 'bk_x', patientId: 'pt_x' }),
    );
    expect(plan.write?.bookings).toEqual([
      {
        bookingId: 'bk_x',
        patientId: 'pt_x',
        type: 'PAID',
        tier: 'PREMIUM',
        status: 'BOOKED',
        tokenNumber: 1,
        bookedAt: new Date(MORNING_MS),
        bookedBy: by,
        idempotencyKey: 'k',
      },
    ]);
  });

  it('write nothing where all are refused', () => {
    const plan = decide([slotHolding(bookingRecords(10))], ask({}, {}));
    expect(words(plan)).toEqual(['SLOT_FULL', 'SLOT_FULL']);
    expect(plan.write).toBeUndefined();
  });

  it('never use a token again, even one of a cancelled booking', () => {
    const cancelled = bookingRecord(2, { status: 'CANCELLED' });
    expect(words(decide([slotHolding([bookingRecord(1), cancelled])], ask({})))).toEqual([3]);
  });
});

describe('a request whose write got lost', () => {
  it('is admitted when its booking is found, with the token it got then', () => {
    const slot = slotHolding(bookingRecords(10));
    const plan = decide([slot], ask({ bookingId: 'bk_4', patientId: 'pt_4' }));
    expect(words(plan)).toEqual([4]);
    expect(plan.write).toBeUndefined();
  });

  it('is admitted even if the slot was closed, or its booking cancelled since', () => {
    const slot = slotHolding([bookingRecord(1, { status: 'CANCELLED' })], { status: 'CLOSED' });
    expect(words(decide([slot], ask({ bookingId: 'bk_1', patientId: 'pt_1' })))).toEqual([1]);
  });

  it.each([
    ['the version is above its guard', 2, undefined],
    ['the version is its guard', 3, { version: 3, bookings: [], reinstatements: [] }],
  ])('is refused with a fence only where needed: %s', (_what, guard, write) => {
    const [request] = ask({}) as [SeatRequest];
    request.writeSent(guard);
    request.versionSeen(3);
    const plan = decide([slotHolding(bookingRecords(10), { version: 3 })], [request]);
    expect(words(plan)).toEqual(['SLOT_FULL']);
    if (write) expect(plan.write).toMatchObject(write);
    else expect(plan.write).toBeUndefined();
  });

  it('needs no fence of its own beside another booking', () => {
    const [lost, other] = ask({ patientId: 'pt_1' }, {}) as [SeatRequest, SeatRequest];
    lost.writeSent(1);
    const plan = decide([slotHolding(bookingRecords(1))], [lost, other]);
    expect(words(plan)).toEqual(['ALREADY_BOOKED', 2]);
    expect(plan.write?.bookings).toHaveLength(1);
  });

  it('needs none where it is admitted anew', () => {
    const [request] = ask({}) as [SeatRequest];
    request.writeSent(0);
    const plan = decide([slotDocument()], [request]);
    expect(words(plan)).toEqual([1]);
    expect(plan.write?.bookings.map(({ bookingId }) => bookingId)).toEqual([
      request.wish.bookingId,
    ]);
  });

  it.each([
    ['a booking that is there', { bookingId: 'bk_1' }, true],
    ['a booking that is not', { bookingId: 'bk_9' }, false],
    [
      'a missed one taken back by it',
      { kind: 'REINSTATE', bookingId: 'bk_2', requestId: 'rq_me' },
      true,
    ],
    [
      'one taken back by another request',
      { kind: 'REINSTATE', bookingId: 'bk_2', requestId: 'rq_you' },
      false,
    ],
  ] as const)('has landed or not: %s', (_what, wish, landed) => {
    const slot = slotHolding([bookingRecord(1), bookingRecord(2, { reinstateId: 'rq_me' })]);
    expect(hasLanded(seatRequest(wish).wish, asRead(slot))).toBe(landed);
  });
});

describe('an idempotency key', () => {
  const key = { idempotencyKey: 'k' };
  const made = bookingRecord(1, { idempotencyKey: 'k', patientId: 'pt_1' });

  it('replays its booking, whatever became of it and of the slot', () => {
    for (const status of ['BOOKED', 'CANCELLED', 'NOSHOW', 'COMPLETED'] as const) {
      const slot = slotHolding([{ ...made, status }], { status: 'CLOSED' });
      const plan = decide([slot], ask({ ...key, patientId: 'pt_1' }));
      expect(plan.answers[0]?.answer).toEqual({ outcome: 'REPLAYED', bookingId: 'bk_1' });
      expect(plan.write).toBeUndefined();
    }
  });

  it.each([
    ['another type', { ...key, patientId: 'pt_1', type: 'PAID' as const }],
    ['another patient', { ...key, patientId: 'pt_2' }],
  ])('is refused for %s', (_what, wish) => {
    expect(words(decide([slotHolding([made])], ask(wish)))).toEqual(['IDEMPOTENCY_KEY_REUSED']);
  });

  it('is refused where it made a booking in another slot', () => {
    const ten = slotHolding([made], {}, { start: '10:00' });
    const plan = decide([slotDocument(), ten], ask({ ...key, patientId: 'pt_1' }));
    expect(words(plan)).toEqual(['IDEMPOTENCY_KEY_REUSED']);
  });

  it('sent twice in one round makes one booking, and the second replays it', () => {
    const wish = { ...key, patientId: 'pt_1' };
    const plan = decide([slotDocument()], ask(wish, wish, { ...wish, type: 'PAID' }));
    expect(words(plan)).toEqual([1, 'REPLAYED', 'IDEMPOTENCY_KEY_REUSED']);
    expect(plan.write?.bookings).toHaveLength(1);
  });

  it('of a refused request is free', () => {
    const plan = decide([slotHolding(bookingRecords(10))], ask(key, { ...key, type: 'PAID' }));
    expect(words(plan)).toEqual(['SLOT_FULL', 11]);
  });
});

describe('a patient who has a booking with the doctor on the day', () => {
  it.each([
    ['in this slot', slotHolding([bookingRecord(7)], {}), undefined],
    ['in another slot', slotDocument(), slotHolding([bookingRecord(7)], {}, { start: '10:00' })],
  ])('%s is told which', (_where, nine, ten) => {
    const plan = decide(ten ? [nine, ten] : [nine], ask({ patientId: 'pt_7' }));
    expect(plan.answers[0]?.answer).toEqual({
      outcome: 'REFUSED',
      refusal: {
        code: 'ALREADY_BOOKED',
        bookingId: 'bk_7',
        slotId: ten ? TEN : NINE,
        tokenNumber: 7,
      },
    });
  });

  it('from this very round is told so too', () => {
    const patientId = 'pt_1';
    expect(words(decide([slotDocument()], ask({ patientId }, { patientId })))).toEqual([
      1,
      'ALREADY_BOOKED',
    ]);
  });

  it.each([
    ['CHECKED_IN', 'ALREADY_BOOKED'],
    ['IN_CONSULTATION', 'ALREADY_BOOKED'],
    ['COMPLETED', 8],
    ['CANCELLED', 8],
    ['NOSHOW', 8],
  ] as const)('that is %s gets %s', (status, word) => {
    const plan = decide([slotHolding([bookingRecord(7, { status })])], ask({ patientId: 'pt_7' }));
    expect(words(plan)).toEqual([word]);
  });

  it('is free with another doctor, and on another day', () => {
    const others = [
      slotHolding([bookingRecord(1)], {}, { doctorId: 'dr-iyer' }),
      slotHolding([bookingRecord(1)], {}, { date: '2026-11-25' }),
    ];
    expect(words(decide([slotDocument(), ...others], ask({ patientId: 'pt_1' })))).toEqual([1]);
  });

  it('does not bind the members of his family: they are patients of their own', () => {
    const plan = decide([slotHolding([bookingRecord(1)])], ask({ patientId: 'pt_1b' }));
    expect(words(plan)).toEqual([2]);
  });
});

describe('the caps', () => {
  const elsewhere = (count: number, date = '2026-11-25') =>
    Array.from({ length: count }, (_, index) =>
      slotHolding([bookingRecord(1)], {}, { date, start: `${10 + index}:00` }),
    );
  const ofPatient = { patientId: 'pt_1' };

  it.each([
    [4, 5, 1],
    [5, 5, 'TOO_MANY_ACTIVE_BOOKINGS'],
    [5, 0, 1],
  ])('with %d bookings ahead and a cap of %d: %s', (ahead, activeBookingsPerPatient, word) => {
    const plan = decide([slotDocument(), ...elsewhere(ahead)], ask(ofPatient), {
      bounds: { activeBookingsPerPatient },
    });
    expect(words(plan)).toEqual([word]);
  });

  it('do not count what is over, though nobody closed the visit', () => {
    const yesterday = elsewhere(5, '2026-11-23');
    expect(words(decide([slotDocument(), ...yesterday], ask(ofPatient)))).toEqual([1]);
  });

  it('count three bookings of a patient in the slot, cancelled ones included', () => {
    const cancelled = (number: number) =>
      bookingRecord(number, { patientId: 'pt_1', status: 'CANCELLED' });
    const two = slotHolding([cancelled(1), cancelled(2)]);
    expect(words(decide([two], ask(ofPatient)))).toEqual([3]);
    const three = slotHolding([cancelled(1), cancelled(2), cancelled(3)]);
    expect(words(decide([three], ask(ofPatient)))).toEqual(['TOO_MANY_BOOKINGS_IN_SLOT']);
  });

  it('count what the round itself adds to the record', () => {
    const full = slotHolding(bookingRecords(4, { status: 'CANCELLED' }));
    const plan = decide([full], ask({}, {}), { bounds: { bookingsInSlot: 5 } });
    expect(words(plan)).toEqual([5, 'SLOT_RECORD_FULL']);
  });
});

describe('a missed visit taken back', () => {
  const missed = bookingRecord(2, NOSHOW);

  it('keeps its token and takes a seat', () => {
    const plan = decide(
      [slotHolding([bookingRecord(1), missed])],
      ask({ ...reinstate('bk_2', 'pt_2'), requestId: 'rq_back' }),
    );
    expect(plan.answers[0]?.answer).toMatchObject({
      outcome: 'ADMITTED',
      booking: { bookingId: 'bk_2', tokenNumber: 2, status: 'BOOKED', reinstateId: 'rq_back' },
    });
    expect(plan.answers[0]?.answer).not.toHaveProperty('booking.noShowAt');
    expect(plan.write?.bookings).toEqual([]);
    expect(plan.write?.reinstatements).toEqual([
      { bookingId: 'bk_2', patientId: 'pt_2', reinstateId: 'rq_back', at: new Date(MORNING_MS) },
    ]);
  });

  it('is decided like a booking: full, ended, closed, booked meanwhile', () => {
    const wish = ask(reinstate('bk_2', 'pt_2'));
    const full = [...bookingRecords(12).filter(({ tokenNumber }) => tokenNumber !== 2), missed];
    expect(words(decide([slotHolding(full)], wish))).toEqual(['SLOT_FULL']);
    const slot = slotHolding([missed]);
    expect(words(decide([slot], wish, { nowMs: slot.endsAt.getTime() }))).toEqual(['SLOT_ENDED']);
    expect(words(decide([{ ...slot, status: 'CLOSED' }], wish))).toEqual(['SLOT_CLOSED']);
    const again = slotHolding([missed, bookingRecord(3, { patientId: 'pt_2' })]);
    expect(words(decide([again], wish))).toEqual(['ALREADY_BOOKED']);
  });

  it('may come until the end of the slot, although ONLINE booking closed at its start', () => {
    const slot = slotHolding([missed]);
    const nowMs = slot.endsAt.getTime() - 1;
    expect(words(decide([slot], ask(reinstate('bk_2', 'pt_2')), { nowMs }))).toEqual([2]);
  });

  it.each([
    ['BOOKED', 2],
    ['CHECKED_IN', 'INVALID_TRANSITION'],
    ['IN_CONSULTATION', 'INVALID_TRANSITION'],
    ['COMPLETED', 'INVALID_TRANSITION'],
    ['CANCELLED', 'INVALID_TRANSITION'],
  ] as const)('that is %s already gives %s, and nothing is written', (status, word) => {
    const slot = slotHolding([bookingRecord(2, { status })]);
    const plan = decide([slot], ask(reinstate('bk_2', 'pt_2')));
    expect(words(plan)).toEqual([word]);
    expect(plan.write).toBeUndefined();
  });

  it('asked for twice in a round takes one seat', () => {
    const wishes = ask(reinstate('bk_2', 'pt_2'), reinstate('bk_2', 'pt_2'));
    const plan = decide([slotHolding([missed])], wishes);
    expect(words(plan)).toEqual([2, 2]);
    expect(plan.write?.reinstatements).toHaveLength(1);
  });

  it('is one of two of the same patient at most', () => {
    const other = bookingRecord(3, { ...NOSHOW, patientId: 'pt_2' });
    const wishes = ask(reinstate('bk_2', 'pt_2'), reinstate('bk_3', 'pt_2'));
    expect(words(decide([slotHolding([missed, other])], wishes))).toEqual([2, 'ALREADY_BOOKED']);
  });

  it('that is not in the slot is not found', () => {
    expect(words(decide([slotDocument()], ask(reinstate('bk_2', 'pt_2'))))).toEqual(['NOT_FOUND']);
  });

  it('is found again after its answer got lost, although the patient was called meanwhile', () => {
    const seen = bookingRecord(2, { status: 'CHECKED_IN', reinstateId: 'rq_back' });
    const wish = ask({ ...reinstate('bk_2', 'pt_2'), requestId: 'rq_back' });
    expect(words(decide([slotHolding([seen])], wish))).toEqual([2]);
  });
});

describe('the order of checks', () => {
  // Everything that can speak against a request at once; taken away one by one, from the front.
  const wish = { patientId: 'pt_1', idempotencyKey: 'k', type: 'ONLINE' } as const;
  const tenWithKey = slotHolding(
    [bookingRecord(1, { idempotencyKey: 'k', patientId: 'pt_other' })],
    {},
    { start: '10:00' },
  );
  const claim = slotHolding([bookingRecord(1)], {}, { start: '11:00' });
  const full = slotHolding(bookingRecords(10, { patientId: 'pt_many' }), { status: 'CLOSED' });
  const late = full.startsAt.getTime();
  const cap = { activeBookingsPerPatient: 1 };
  const open = { ...full, status: 'OPEN' as const };
  const ahead = slotHolding([bookingRecord(1)], {}, { date: '2026-11-25' });

  it.each([
    ['NOT_FOUND', [tenWithKey, claim], late],
    ['IDEMPOTENCY_KEY_REUSED', [full, tenWithKey, claim], late],
    ['SLOT_CLOSED', [full, claim], late],
    ['SLOT_ENDED', [open, claim], late],
    ['ALREADY_BOOKED', [open, claim], late - 1],
    ['TOO_MANY_ACTIVE_BOOKINGS', [open, ahead], late - 1],
    ['SLOT_FULL', [open], late - 1],
  ])('gives %s first', (word, slots, nowMs) => {
    expect(words(decide(slots, ask(wish), { nowMs, bounds: cap }))).toEqual([word]);
  });
});
