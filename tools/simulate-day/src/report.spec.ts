/**
 * Goal: the report says everything it promises, readably, for a day with all kinds of answers.
 * Method: one small day, and its whole table.
 */
import { formatReport, type PlayedDay } from './report';
import { admitted, SLOT, visitOf } from './testing';

const DAY: PlayedDay = {
  file: 'day.csv',
  date: SLOT.date,
  seed: 7,
  concurrency: 32,
  windowMinutes: 1,
  slotMinutes: 60,
  playedMs: 12_345,
  retriesByCode: new Map([
    ['SLOT_BUSY', 3],
    ['NO_ANSWER', 1],
  ]),
  visits: [
    visitOf('ONLINE', admitted('ONLINE', 1), {
      status: 'COMPLETED',
      answerMs: 5.04,
      waitMinutes: 12,
    }),
    visitOf('ONLINE', admitted('ONLINE', 11), {
      status: 'CANCELLED',
      answerMs: 7,
      unansweredStepCode: 'STORE_UNAVAILABLE',
    }),
    visitOf('WALKIN', { kind: 'REFUSED', code: 'SLOT_FULL' }, { answerMs: 3 }),
    visitOf('PAID', { kind: 'REFUSED', code: 'ALREADY_BOOKED' }, { answerMs: 9 }),
    visitOf('EMERGENCY', { kind: 'UNANSWERED', code: 'NO_ANSWER' }, { answerMs: 5_000 }),
  ],
};

describe('the report', () => {
  it('is a table by tier', () => {
    const lines = formatReport(DAY).split('\n');
    expect(lines.slice(0, 27)).toEqual([
      'day.csv played on 2027-01-04: 1 doctor(s), 1 slot(s) of 60 minutes, 5 arrival(s).',
      'Seed 7, concurrency 32, windows of 1 min, played in 12.3 s.',
      '',
      '                                    STANDARD   PREMIUM  CRITICAL       ALL',
      'asked                                      3         1         1         5',
      '  through patient-api                      2         1         0         3',
      '  through desk-api                         1         0         1         2',
      'admitted                                   2         0         0         2',
      '  of these in a re-used seat (1)           1         0         0         1',
      'refused                                    1         1         0         2',
      '  ALREADY_BOOKED                           0         1         0         1',
      '  SLOT_FULL                                1         0         0         1',
      'bookings not answered                      0         0         1         1',
      '  NO_ANSWER                                0         0         1         1',
      'later steps not answered                   1         0         0         1',
      '  STORE_UNAVAILABLE                        1         0         0         1',
      'seats given back by cancel                 1         0         0         1',
      'seats given back by no-show                0         0         0         0',
      'seen by the doctor                         1         0         0         1',
      'wait at the door, p50, min (2)          12.0         -         -      12.0',
      'wait at the door, p90, min (2)          12.0         -         -      12.0',
      'answer to a booking, p50, ms (3)         5.0       9.0         -       5.0',
      'answer to a booking, p99, ms (3)         7.0       9.0         -       9.0',
      '',
      'Requests sent again after a pause, with the same Idempotency-Key: NO_ANSWER 1, SLOT_BUSY 3.',
      '',
      "(1) Admitted with a token number above the limit of the tier. A slot's token numbers are given",
    ]);
  });

  it('defines what it counts', () => {
    for (const note of ['(1) ', '(2) ', '(3) ']) expect(formatReport(DAY)).toContain(`\n${note}`);
  });

  it('says so when nothing was sent twice', () => {
    const text = formatReport({ ...DAY, retriesByCode: new Map() });
    expect(text).toContain('\nNo request had to be sent again.\n');
  });

  it('names no patient and no phone', () => {
    expect(formatReport(DAY)).not.toMatch(/Patient \d|\+91/);
  });
});
