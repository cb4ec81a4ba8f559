/**
 * Goal: what the report counts is what happened, above all the seats that were used again.
 * Method: hand-made sequences of answers of one slot with limits 10, 12 and 15.
 */
import { type BookingType } from '@opd/capacity-core';
import { isReUse, percentile, tallyVisits } from './tally';
import { admitted, arrivalFor, SLOT, visitOf } from './testing';
import { planVisit, type Visit } from './visit';

/** One slot's life: `+TYPE` admits the next token, `-` gives a seat back, `!TYPE` refuses as full. */
function play(...moves: string[]): Visit[] {
  let tokenNumber = 0;
  return moves.flatMap((move): Visit[] => {
    const type = move.slice(1) as BookingType;
    if (move.startsWith('+')) return [visitOf(type, admitted(type, ++tokenNumber))];
    if (move.startsWith('!')) return [visitOf(type, { kind: 'REFUSED', code: 'SLOT_FULL' })];
    return [];
  });
}

const TEN_ONLINE = Array.from({ length: 10 }, () => '+ONLINE');

describe('a seat used again', () => {
  it('is the eleventh ONLINE after a cancel, and not the tenth', () => {
    const { STANDARD, ALL } = tallyVisits(
      play(...TEN_ONLINE, '!ONLINE', '-', '+WALKIN', '!ONLINE'),
    );
    expect(STANDARD).toMatchObject({ asked: 13, admitted: 11, reUsed: 1 });
    expect(ALL).toMatchObject({ asked: 13, admitted: 11, reUsed: 1 });
  });

  it('is no seat of a buffer that was opened by the tier', () => {
    const moves = [...TEN_ONLINE, '+PAID', '+FOLLOWUP', '+EMERGENCY', '+EMERGENCY', '+EMERGENCY'];
    const tally = tallyVisits(play(...moves));
    expect([tally.STANDARD.reUsed, tally.PREMIUM.reUsed, tally.CRITICAL.reUsed]).toEqual([0, 0, 0]);
  });

  it('is counted for the tier that got it', () => {
    // 12 tokens are out when the third premium patient comes: two seats had to come back before him.
    const moves = [...TEN_ONLINE, '+PAID', '+PAID', '-', '+PAID', '-', '-', '-', '-', '+ONLINE'];
    const tally = tallyVisits(play(...moves));
    expect([tally.STANDARD.reUsed, tally.PREMIUM.reUsed, tally.CRITICAL.reUsed]).toEqual([1, 1, 0]);
    expect(tally.ALL.reUsed).toBe(2);
  });

  it.each([
    [10, 'STANDARD', false],
    [11, 'STANDARD', true],
    [12, 'PREMIUM', false],
    [13, 'PREMIUM', true],
    [15, 'CRITICAL', false],
    [16, 'CRITICAL', true],
  ] as const)('token %d of tier %s: %s', (tokenNumber, tier, expected) => {
    expect(isReUse(tokenNumber, tier, SLOT.limits)).toBe(expected);
  });
});

describe('a tally', () => {
  const visits = [
    visitOf('ONLINE', admitted('ONLINE', 1), { status: 'COMPLETED', answerMs: 5, waitMinutes: 12 }),
    visitOf('ONLINE', admitted('ONLINE', 2), { status: 'CANCELLED', answerMs: 7 }),
    visitOf('WALKIN', { kind: 'REFUSED', code: 'SLOT_FULL' }, { answerMs: 3 }),
    visitOf('PAID', admitted('PAID', 3), { status: 'NOSHOW', answerMs: 9 }),
    visitOf('EMERGENCY', { kind: 'UNANSWERED', code: 'NO_ANSWER' }, { answerMs: 5_000 }),
  ];

  it('counts each visit in its tier and in all', () => {
    const { STANDARD, PREMIUM, CRITICAL, ALL } = tallyVisits(visits);
    expect(STANDARD).toMatchObject({
      asked: 3,
      askedThrough: { 'patient-api': 2, 'desk-api': 1 },
      admitted: 2,
      refusedByCode: new Map([['SLOT_FULL', 1]]),
      cancelled: 1,
      noShows: 0,
      completed: 1,
      waitsMinutes: [12],
      answersMs: [5, 7, 3],
    });
    expect(PREMIUM).toMatchObject({ asked: 1, admitted: 1, noShows: 1, completed: 0 });
    expect(CRITICAL).toMatchObject({
      asked: 1,
      admitted: 0,
      unansweredByCode: new Map([['NO_ANSWER', 1]]),
    });
    expect(ALL).toMatchObject({ asked: 5, admitted: 3, cancelled: 1, noShows: 1, completed: 1 });
  });

  it('leaves the time of an unanswered booking out', () => {
    expect(tallyVisits(visits).CRITICAL.answersMs).toEqual([]);
  });

  it('counts nobody who has not asked yet', () => {
    const ahead = planVisit(arrivalFor(), { name: 'Patient 0001', phone: '+910000000001' }, SLOT);
    expect(tallyVisits([ahead]).ALL.asked).toBe(0);
  });
});

describe('a percentile', () => {
  it.each([
    [[], 0.5, undefined],
    [[4], 0.99, 4],
    [[3, 1, 2], 0.5, 2],
    [[4, 3, 2, 1], 0.5, 2],
    [[4, 3, 2, 1], 0.9, 4],
    [[2, 1], 0, 1],
  ])('of %j at %d is %s', (values, part, expected) => {
    expect(percentile(values, part)).toBe(expected);
  });
});
