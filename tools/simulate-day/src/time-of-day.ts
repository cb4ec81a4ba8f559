/** The last minute of a day, counted from midnight. */
export const LAST_MINUTE = 24 * 60 - 1;

/** Minutes since midnight of a time of day as `HH:mm`, which must be valid. */
export function minuteOf(time: string): number {
  const [hours, minutes] = time.split(':').map(Number) as [number, number];
  return hours * 60 + minutes;
}

/**
 * The time of day as `HH:mm`. What lies behind midnight counts on (`24:30`): a doctor who works
 * overtime is shown as such.
 */
export function timeOf(minute: number): string {
  const whole = Math.floor(minute);
  const hours = String(Math.floor(whole / 60)).padStart(2, '0');
  return `${hours}:${String(whole % 60).padStart(2, '0')}`;
}
