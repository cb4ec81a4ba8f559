/**
 * Goal: the command line says exactly what will be done, and a wrong one is refused with a sentence
 * that tells what is allowed, before anything is read or sent.
 * Method: command lines and what is read from them.
 */
import { HELP, readArguments, SHIPPED_DAY } from './arguments';

function problemsOf(...args: string[]): readonly string[] {
  const read = readArguments(args);
  return read.ok ? [] : read.problems;
}

describe('the command line', () => {
  it('plays the shipped day without arguments', () => {
    expect(readArguments([])).toEqual({
      ok: true,
      value: {
        kind: 'play',
        file: SHIPPED_DAY,
        date: undefined,
        mongodbUri: undefined,
        seed: 7,
        concurrency: 32,
        windowMinutes: 1,
        slotMinutes: 60,
      },
    });
  });

  it('reads every option of a play', () => {
    const args = [
      ...['day.csv', '--date', '2027-01-31', '--seed', '9', '--concurrency', '100'],
      ...['--window', '5', '--slot-minutes', '30', '--mongodb-uri', 'mongodb://127.0.0.1:27017'],
    ];
    expect(readArguments(args)).toEqual({
      ok: true,
      value: {
        kind: 'play',
        file: 'day.csv',
        date: '2027-01-31',
        mongodbUri: 'mongodb://127.0.0.1:27017',
        seed: 9,
        concurrency: 100,
        windowMinutes: 5,
        slotMinutes: 30,
      },
    });
  });

  it('reads a generation', () => {
    const args = [
      'generate',
      '--seed',
      '1',
      '--doctors',
      '3',
      '--arrivals',
      '60',
      '--out',
      'd.csv',
    ];
    expect(readArguments(args)).toEqual({
      ok: true,
      value: { kind: 'generate', seed: 1, doctors: 3, arrivals: 60, out: 'd.csv' },
    });
  });

  it.each([
    ['--help'],
    ['-h'],
    ['generate', '--help'],
    ['day.csv', '--concurrency', 'x', '--help'],
  ])('helps: %s %s', (...args) => {
    expect(readArguments(args.filter(Boolean))).toEqual({ ok: true, value: { kind: 'help' } });
  });

  it('tells in its help every option that it reads', () => {
    for (const option of [
      ...['--date', '--concurrency', '--window', '--slot-minutes', '--seed', '--mongodb-uri'],
      ...['--doctors', '--arrivals', '--out', 'MONGODB_URI', 'PATIENT_API_PORT', 'HOST'],
    ])
      expect(HELP).toContain(option);
  });

  it.each([
    [['--concurrency', '0'], '--concurrency is "0"; it must be a whole number from 1 to 500.'],
    [['--concurrency', '1e3'], '--concurrency is "1e3"; it must be a whole number from 1 to 500.'],
    [['--window', '1441'], '--window is "1441"; it must be a whole number from 1 to 1440.'],
    [['--slot-minutes', ''], '--slot-minutes is ""; it must be a whole number from 5 to 720.'],
    [['--date', '2026-02-30'], '--date is "2026-02-30"; it must be a calendar day as YYYY-MM-DD.'],
    [['a.csv', 'b.csv'], '2 files are named; one at most is played.'],
    [['generate'], '--out is missing: it must name the file to write.'],
    [
      ['generate', '--out', 'd.csv', '--doctors', '100'],
      '--doctors is "100"; it must be a whole number from 1 to 99.',
    ],
  ])('refuses %j', (args, problem) => {
    expect(problemsOf(...args)).toEqual([problem]);
  });

  it('names all that is wrong at once', () => {
    expect(problemsOf('--window', 'x', '--seed', '-1', '--date', 'today')).toHaveLength(1);
    expect(problemsOf('--window=x', '--seed=y', '--date=today')).toHaveLength(3);
  });

  it('refuses an option that it does not know', () => {
    expect(problemsOf('--speed', '2')[0]).toMatch(/--speed.*See --help/);
  });
});
