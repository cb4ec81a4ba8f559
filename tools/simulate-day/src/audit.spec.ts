/**
 * Goal: the audit is told the right seats, and says plainly what was compared and what was broken.
 * Method: hand-made answers; what the oracle itself finds in documents is shown by its own tests,
 * and that it is asked here, by the day played on real APIs.
 */
import { formatAudit, seatsByAnswers } from './audit';
import { admitted, SLOT, visitOf } from './testing';

const BOOKED = visitOf('ONLINE', admitted('ONLINE', 1), { status: 'BOOKED' });
const COMPLETED = visitOf('ONLINE', admitted('ONLINE', 2), { status: 'COMPLETED' });
const CANCELLED = visitOf('ONLINE', admitted('ONLINE', 3), { status: 'CANCELLED' });
const NOSHOW = visitOf('WALKIN', admitted('WALKIN', 4), { status: 'NOSHOW' });
const REFUSED = visitOf('WALKIN', { kind: 'REFUSED', code: 'SLOT_FULL' });
const UNANSWERED = visitOf('WALKIN', { kind: 'UNANSWERED', code: 'NO_ANSWER' });

describe('the seats of a slot', () => {
  it('are those that were given and not given back', () => {
    const visits = [BOOKED, COMPLETED, CANCELLED, NOSHOW, REFUSED];
    expect(seatsByAnswers(visits)).toEqual({ [SLOT.slotId]: 2 });
  });

  it('are none where everybody was refused, and that is expected too', () => {
    expect(seatsByAnswers([REFUSED])).toEqual({ [SLOT.slotId]: 0 });
  });

  it('are not known where an answer is missing, to a booking or to a step', () => {
    expect(seatsByAnswers([BOOKED, UNANSWERED])).toEqual({});
    expect(seatsByAnswers([COMPLETED, { ...BOOKED, unansweredStepCode: 'NO_ANSWER' }])).toEqual({});
  });
});

describe('what is printed', () => {
  const audit = { findings: [], slotsCounted: 96, answersCompared: 1_500 };
  const compared =
    'raw slot documents held against the rules, 96 slots against the seats given, 1500 answers against the bookings';

  it('says what was compared when all is well', () => {
    expect(formatAudit(audit, [])).toBe(`Audit: ${compared}. No rule was broken.`);
  });

  it('names every broken rule, of the documents and of the answers, twenty at most', () => {
    const finding = { slotId: 's', rule: 'OVERBOOKED', detail: '16 taken of 15 seats' };
    expect(formatAudit({ ...audit, findings: [finding] }, ['Line 2: 500.'])).toBe(
      `Audit: ${compared}. BROKEN: 2\n  OVERBOOKED in s: 16 taken of 15 seats\n  Line 2: 500.`,
    );
    const many = Array.from({ length: 22 }, () => 'x');
    expect(formatAudit(audit, many).split('\n').slice(-2)).toEqual(['  x', '  ... and 2 more.']);
  });
});
