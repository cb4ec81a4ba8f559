/**
 * Goal: days and times of day are those of the clinic's own clock, on the days its clock is changed
 * too. Method: tables of instants that were worked out by hand from the zones' published offsets.
 */
import { ClinicCalendar, minuteOfDay, timeOfMinute } from './clinic-calendar';

const HOUR_MS = 3_600_000;
const ms = (instant: string) => Date.parse(instant);

describe('the zone', () => {
  it.each(['Asia/Kolkata', 'Europe/Berlin', 'America/New_York', 'UTC'])('may be %s', (zone) => {
    expect(() => new ClinicCalendar(zone)).not.toThrow();
  });

  it.each(['Kolkata', 'Asia/Nowhere', 'asia kolkata', ' '])('may not be %j', (zone) => {
    expect(() => new ClinicCalendar(zone)).toThrow(RangeError);
    expect(() => new ClinicCalendar(zone)).toThrow(/Asia\/Kolkata/);
  });
});

describe('dayAt', () => {
  it.each([
    ['Asia/Kolkata', '2026-11-23T18:29:59.999Z', '2026-11-23'],
    ['Asia/Kolkata', '2026-11-23T18:30:00.000Z', '2026-11-24'],
    ['Asia/Kolkata', '2026-12-31T18:30:00.000Z', '2027-01-01'],
    ['Europe/Berlin', '2026-03-28T22:59:59.999Z', '2026-03-28'],
    ['Europe/Berlin', '2026-03-28T23:00:00.000Z', '2026-03-29'],
    // After the change to summer time midnight comes an hour earlier.
    ['Europe/Berlin', '2026-03-29T21:59:59.999Z', '2026-03-29'],
    ['Europe/Berlin', '2026-03-29T22:00:00.000Z', '2026-03-30'],
    ['America/New_York', '2026-11-24T04:59:59.999Z', '2026-11-23'],
    ['America/New_York', '2026-11-24T05:00:00.000Z', '2026-11-24'],
  ])('is in %s at %s the %s', (zone, instant, day) => {
    expect(new ClinicCalendar(zone).dayAt(ms(instant))).toBe(day);
  });
});

describe('instantOf', () => {
  it.each([
    ['Asia/Kolkata', '2026-11-24', '09:00', '2026-11-24T03:30:00.000Z'],
    ['Asia/Kolkata', '2026-11-24', '00:00', '2026-11-23T18:30:00.000Z'],
    ['Asia/Kolkata', '2026-11-24', '23:59', '2026-11-24T18:29:00.000Z'],
    ['UTC', '2026-11-24', '09:00', '2026-11-24T09:00:00.000Z'],
    ['Europe/Berlin', '2026-01-15', '09:00', '2026-01-15T08:00:00.000Z'],
    ['Europe/Berlin', '2026-07-15', '09:00', '2026-07-15T07:00:00.000Z'],
    // 2026-03-29: at two the clocks go to three.
    ['Europe/Berlin', '2026-03-29', '01:59', '2026-03-29T00:59:00.000Z'],
    ['Europe/Berlin', '2026-03-29', '03:00', '2026-03-29T01:00:00.000Z'],
    // 2026-10-25: at three the clocks go back to two.
    ['Europe/Berlin', '2026-10-25', '01:59', '2026-10-24T23:59:00.000Z'],
    ['Europe/Berlin', '2026-10-25', '03:00', '2026-10-25T02:00:00.000Z'],
    ['America/New_York', '2026-03-08', '09:00', '2026-03-08T13:00:00.000Z'],
    ['America/New_York', '2026-11-01', '09:00', '2026-11-01T14:00:00.000Z'],
  ])('is in %s on %s at %s %s', (zone, day, time, instant) => {
    expect(new ClinicCalendar(zone).instantOf(day, time).toISOString()).toBe(instant);
  });

  it.each([
    ['2026-03-29', 23],
    ['2026-03-30', 24],
    ['2026-10-25', 25],
  ])('makes %s %d hours long in Berlin', (day, hours) => {
    const berlin = new ClinicCalendar('Europe/Berlin');
    const [, next = ''] = berlin.daysFrom(day, 2);
    const length =
      berlin.instantOf(next, '00:00').getTime() - berlin.instantOf(day, '00:00').getTime();
    expect(length).toBe(hours * HOUR_MS);
  });

  it('is undone by dayAt, whatever the hour', () => {
    for (const zone of ['Asia/Kolkata', 'Europe/Berlin', 'Pacific/Auckland'])
      for (const day of ['2026-03-29', '2026-10-25', '2026-12-31', '2028-02-29'])
        for (const time of ['00:00', '09:00', '23:59']) {
          const calendar = new ClinicCalendar(zone);
          expect(calendar.dayAt(calendar.instantOf(day, time).getTime())).toBe(day);
        }
  });
});

describe('days and weekdays', () => {
  const calendar = new ClinicCalendar('Europe/Berlin');

  it.each([
    ['2026-11-24', 1, ['2026-11-24']],
    ['2026-12-30', 4, ['2026-12-30', '2026-12-31', '2027-01-01', '2027-01-02']],
    ['2028-02-28', 3, ['2028-02-28', '2028-02-29', '2028-03-01']],
    // A day of 23 hours is one day, and one of 25 hours too.
    ['2026-03-28', 3, ['2026-03-28', '2026-03-29', '2026-03-30']],
    ['2026-10-24', 3, ['2026-10-24', '2026-10-25', '2026-10-26']],
    ['2026-11-24', 0, []],
  ])('counts from %s %d days', (day, count, days) => {
    expect(calendar.daysFrom(day, count)).toEqual(days);
  });

  it.each([
    ['2026-11-23', 1],
    ['2026-11-24', 2],
    ['2026-11-28', 6],
    ['2026-11-29', 7],
    ['2028-02-29', 2],
  ])('%s is weekday %d', (day, weekday) => {
    expect(calendar.weekdayOf(day)).toBe(weekday);
  });
});

describe('untilMidnightMs', () => {
  it.each([
    ['Asia/Kolkata', '2026-11-24T03:00:00.000Z', 15.5 * HOUR_MS],
    ['Asia/Kolkata', '2026-11-24T18:29:59.999Z', 1],
    // At midnight itself the next one is a whole day away.
    ['Asia/Kolkata', '2026-11-24T18:30:00.000Z', 24 * HOUR_MS],
    ['Europe/Berlin', '2026-03-28T23:00:00.000Z', 23 * HOUR_MS],
    ['Europe/Berlin', '2026-10-24T22:00:00.000Z', 25 * HOUR_MS],
  ])('is in %s at %s %d', (zone, instant, wait) => {
    expect(new ClinicCalendar(zone).untilMidnightMs(ms(instant))).toBe(wait);
  });
});

describe('minutes of the day', () => {
  it.each([
    ['00:00', 0],
    ['00:01', 1],
    ['09:00', 540],
    ['13:45', 825],
    ['23:59', 1439],
  ])('%s is minute %d', (time, minute) => {
    expect(minuteOfDay(time)).toBe(minute);
    expect(timeOfMinute(minute)).toBe(time);
  });
});
