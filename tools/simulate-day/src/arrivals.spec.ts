/**
 * Goal: a file is played only when every line of it can be, and one that cannot is refused with its
 * line, what is wrong and what is allowed.
 * Method: small files written here, each with one thing wrong, and their exact messages.
 */
import { readArrivals } from './arrivals';

const HEADER = 'minute,doctor,start,type,patient,outcome';
const GOOD = '550,sim-dr-01,09:00,WALKIN,Patient 0001,SHOW';

function read(...lines: string[]) {
  return readArrivals([HEADER, ...lines, ''].join('\n'), 60);
}

function problemsOf(...lines: string[]): readonly string[] {
  const result = read(...lines);
  return result.ok ? [] : result.problems;
}

describe('a good file', () => {
  it('gives its arrivals in order, with the minutes counted out', () => {
    const result = read(GOOD, '# a remark', '', '0,dr-rao,23:00 , ONLINE,"Rao, A.",CANCEL');
    // 23:00 and 60 minutes end after midnight, so this one has a slot of its own length below.
    expect(result.ok).toBe(false);

    expect(
      readArrivals(`${HEADER}\n${GOOD}\n# a remark\n\n0,dr-x,10:30, ONLINE ,"A, B",CANCEL`, 30),
    ).toEqual({
      ok: true,
      value: [
        {
          row: 1,
          line: 2,
          minute: 550,
          doctorId: 'sim-dr-01',
          start: '09:00',
          startMinute: 540,
          endMinute: 570,
          type: 'WALKIN',
          patient: 'Patient 0001',
          outcome: 'SHOW',
        },
        {
          row: 2,
          line: 5,
          minute: 0,
          doctorId: 'dr-x',
          start: '10:30',
          startMinute: 630,
          endMinute: 660,
          type: 'ONLINE',
          patient: 'A, B',
          outcome: 'CANCEL',
        },
      ],
    });
  });

  it('may begin with a byte order mark and end its lines as Windows does', () => {
    const result = readArrivals(`\uFEFF${HEADER}\r\n${GOOD}\r\n`, 60);
    expect(result.ok && result.value).toHaveLength(1);
  });
});

describe('a bad file', () => {
  it.each([
    ['', 'The file is empty; its first line must be: minute,doctor,start,type,patient,outcome'],
    ['# only a remark\n', /^The file is empty/],
    [`${HEADER}\n`, 'The file holds no arrival below its header.'],
    [
      `# remark\nminute;doctor\n${GOOD}`,
      `Line 2: the header is "minute;doctor"; it must be: ${HEADER}`,
    ],
    [`${HEADER}\n550,"open quote,09:00\n`, /^Line \d+: this is not CSV \(CSV_QUOTE_NOT_CLOSED\)/],
  ])('is refused as a whole: %j', (text, problem) => {
    const result = readArrivals(text, 60);
    expect(result.ok ? [] : result.problems).toEqual([
      typeof problem === 'string' ? problem : expect.stringMatching(problem),
    ]);
  });

  const MINUTE = 'must be a whole number of minutes since midnight, 0 to 1439.';
  it.each([
    ['9h,d,09:00,WALKIN,P,SHOW', `Line 2, minute: "9h" ${MINUTE}`],
    ['-5,d,09:00,WALKIN,P,SHOW', `Line 2, minute: "-5" ${MINUTE}`],
    ['1440,d,09:00,WALKIN,P,SHOW', `Line 2, minute: "1440" ${MINUTE}`],
    ['550,Dr Rao,09:00,WALKIN,P,SHOW', /^Line 2, doctor: "Dr Rao" must be .* a to z, .*\.$/],
    ['550,d,9:00,WALKIN,P,SHOW', /^Line 2, start: "9:00" must be .*HH:mm.*\.$/],
    [
      '550,d,09:00,WALK_IN,P,SHOW',
      'Line 2, type: "WALK_IN" must be one of ONLINE, WALKIN, PAID, FOLLOWUP, EMERGENCY.',
    ],
    ['550,d,09:00,WALKIN,<b>Rao</b>,SHOW', /^Line 2, patient: "<b>Rao<\/b>" must .*\.$/],
    ['550,d,09:00,WALKIN,P,LATE', 'Line 2, outcome: "LATE" must be one of SHOW, NOSHOW, CANCEL.'],
    [
      '550,d,09:00,WALKIN,P',
      'Line 2: has 5 cells; it must have 6: minute, doctor, start, type, patient, outcome.',
    ],
    [
      '550,d,23:00,WALKIN,P,SHOW',
      'Line 2, start: a slot at 23:00 would end after midnight; it must end by 23:59.',
    ],
    [
      '540,d,09:00,ONLINE,P,SHOW',
      "Line 2, minute: 540 is too late for ONLINE at 09:00; it must lie before the slot's start, 0 to 539.",
    ],
    [
      '600,d,09:00,EMERGENCY,P,SHOW',
      "Line 2, minute: 600 is too late for EMERGENCY at 09:00; it must lie before the slot's end, 0 to 599.",
    ],
  ])('is refused by its line: %s', (line, problem) => {
    // How a name, an id or a time is described is the contract's own text.
    expect(problemsOf(line)).toEqual([
      typeof problem === 'string' ? problem : expect.stringMatching(problem),
    ]);
  });

  it('takes the last minute in which its type may still ask', () => {
    expect(problemsOf('539,d,09:00,ONLINE,P,SHOW', '599,d,09:00,WALKIN,Q,SHOW')).toEqual([]);
  });

  it('names the line of a slot that lies inside another of the same doctor', () => {
    const lines = [GOOD, '560,sim-dr-01,09:30,WALKIN,P,SHOW', '560,sim-dr-02,09:30,WALKIN,Q,SHOW'];
    expect(problemsOf(...lines)).toEqual([
      'Line 3, start: 09:30 lies inside the slot of sim-dr-01 at 09:00; slots of a doctor last 60 minutes (--slot-minutes) and must not overlap.',
    ]);
  });

  it('takes a slot that begins where the one before it ends', () => {
    expect(problemsOf(GOOD, '560,sim-dr-01,10:00,WALKIN,P,SHOW')).toEqual([]);
    expect(problemsOf(GOOD, '560,sim-dr-01,09:59,WALKIN,P,SHOW')).toHaveLength(1);
  });

  it('names every bad line, twenty at most', () => {
    expect(problemsOf(GOOD, 'x,d,09:00,WALKIN,P,NOPE', GOOD, '1,2')).toHaveLength(3);
    const many = problemsOf(...Array.from({ length: 25 }, () => '1,2'));
    expect(many).toHaveLength(21);
    expect(many.at(-1)).toBe('... and 5 more.');
  });
});
