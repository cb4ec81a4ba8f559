import { DateTime } from 'luxon';

/** Days and times of day of one clinic, in its own time zone. The only place that knows the zone. */
export class ClinicCalendar {
  readonly #zone: string;

  /** @throws RangeError if `timeZone` is no IANA time zone, such as `Asia/Kolkata`. */
  constructor(timeZone: string) {
    if (!DateTime.local({ zone: timeZone }).isValid)
      throw new RangeError(`${timeZone} is no time zone; allowed are IANA names like Asia/Kolkata`);
    this.#zone = timeZone;
  }

  /** The calendar day `YYYY-MM-DD` that the clinic has at `atMs`. */
  dayAt(atMs: number): string {
    return iso(DateTime.fromMillis(atMs, { zone: this.#zone }));
  }

  /** The instant (UTC) at which the clinic's clock shows `time` (`HH:mm`) on `day`. */
  instantOf(day: string, time: string): Date {
    return DateTime.fromISO(`${day}T${time}`, { zone: this.#zone }).toJSDate();
  }

  /** `count` days from `day` on, `day` first. */
  daysFrom(day: string, count: number): string[] {
    const first = DateTime.fromISO(day, { zone: 'utc' });
    return Array.from({ length: count }, (_, offset) => iso(first.plus({ days: offset })));
  }

  /** The weekday of a calendar day as ISO 8601 numbers it: 1 Monday to 7 Sunday. */
  weekdayOf(day: string): number {
    return DateTime.fromISO(day, { zone: 'utc' }).weekday;
  }

  /** Milliseconds from `atMs` to the clinic's next midnight. */
  untilMidnightMs(atMs: number): number {
    const now = DateTime.fromMillis(atMs, { zone: this.#zone });
    return now.plus({ days: 1 }).startOf('day').toMillis() - atMs;
  }
}

/** Minutes since midnight of a time of day `HH:mm`. */
export function minuteOfDay(time: string): number {
  return Number(time.slice(0, 2)) * 60 + Number(time.slice(3, 5));
}

/** The time of day `HH:mm` of a minute since midnight, 0 to 1,439. */
export function timeOfMinute(minute: number): string {
  const pad = (part: number) => String(part).padStart(2, '0');
  return `${pad(Math.floor(minute / 60))}:${pad(minute % 60)}`;
}

function iso(day: DateTime): string {
  return day.toFormat('yyyy-MM-dd');
}
