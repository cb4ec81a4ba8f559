import { BOOKING_TYPES, type BookingType } from '@opd/capacity-core';
import { DoctorId, LocalTime, PersonName } from '@opd/contracts';
import { CsvError, parse } from 'csv-parse/sync';
import { z } from 'zod';
import { parsed, unreadable, type Parsed } from './parsed';
import { LAST_MINUTE, minuteOf, timeOf } from './time-of-day';

/** The columns of an arrivals file, in their order. */
export const ARRIVAL_COLUMNS = ['minute', 'doctor', 'start', 'type', 'patient', 'outcome'] as const;

/** What becomes of a visit, if it is admitted. */
export const VISIT_OUTCOMES = ['SHOW', 'NOSHOW', 'CANCEL'] as const;
export type VisitOutcome = (typeof VISIT_OUTCOMES)[number];

/** One request of the day: who asks when for what, and what becomes of it. Minutes count from midnight. */
export interface Arrival {
  /** Its place in the file, 1 for the first. */
  readonly row: number;
  /** The line of the file it stands in. */
  readonly line: number;
  /** When the request arrives. */
  readonly minute: number;
  readonly doctorId: string;
  /** The slot's start, `HH:mm`, and the same in minutes. */
  readonly start: string;
  readonly startMinute: number;
  readonly endMinute: number;
  readonly type: BookingType;
  readonly patient: string;
  readonly outcome: VisitOutcome;
}

/** At most this many rows are played. */
export const MAX_ARRIVALS = 50_000;

const MAX_PROBLEMS_SHOWN = 20;

const MINUTE_RULE = `must be a whole number of minutes since midnight, 0 to ${LAST_MINUTE}`;

const Row = z.strictObject({
  minute: z
    .string()
    .regex(/^\d{1,4}$/, MINUTE_RULE)
    .transform(Number)
    .pipe(z.int().max(LAST_MINUTE, MINUTE_RULE)),
  doctor: DoctorId,
  start: LocalTime,
  type: z.enum(BOOKING_TYPES, `must be one of ${BOOKING_TYPES.join(', ')}`),
  patient: PersonName,
  outcome: z.enum(VISIT_OUTCOMES, `must be one of ${VISIT_OUTCOMES.join(', ')}`),
});

/** A record of the file and the line it ends in. */
interface CsvRecord {
  readonly cells: readonly string[];
  readonly line: number;
}

/**
 * Reads an arrivals file: a header with {@link ARRIVAL_COLUMNS}, then one request per line; lines
 * that begin with `#` and empty lines are skipped. All is checked before anything is played; each
 * problem names its line, what is wrong, and what is allowed.
 */
export function readArrivals(text: string, slotMinutes: number): Parsed<Arrival[]> {
  const records = readRecords(text);
  if (!records.ok) return records;

  const [header, ...rows] = records.value;
  const headerProblem = checkHeader(header);
  if (headerProblem) return unreadable(headerProblem);
  if (rows.length === 0) return unreadable('The file holds no arrival below its header.');
  if (rows.length > MAX_ARRIVALS)
    return unreadable(
      `The file holds ${rows.length} arrivals; at most ${MAX_ARRIVALS} are played.`,
    );

  const problems: string[] = [];
  const arrivals: Arrival[] = [];
  rows.forEach((record, at) => {
    const arrival = readRow(record, at + 1, slotMinutes);
    if (arrival.ok) arrivals.push(arrival.value);
    else problems.push(...arrival.problems);
  });
  problems.push(...overlaps(arrivals, slotMinutes));
  return problems.length > 0 ? unreadable(...shorten(problems)) : parsed(arrivals);
}

function readRecords(text: string): Parsed<CsvRecord[]> {
  try {
    const rows = parse(text, {
      bom: true,
      comment: '#',
      comment_no_infix: true,
      info: true,
      relax_column_count: true,
      skip_empty_lines: true,
      trim: true,
    }) as unknown as { record: string[]; info: { lines: number } }[];
    return parsed(rows.map(({ record, info }) => ({ cells: record, line: info.lines })));
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    const line = typeof error['lines'] === 'number' ? error['lines'] : '?';
    return unreadable(
      `Line ${line}: this is not CSV (${error.code}). Cells are separated by commas; a cell that holds a comma or a quote stands in double quotes.`,
    );
  }
}

function checkHeader(header: CsvRecord | undefined): string | undefined {
  const columns = ARRIVAL_COLUMNS.join(',');
  if (!header) return `The file is empty; its first line must be: ${columns}`;
  if (header.cells.join(',') === columns) return undefined;
  return `Line ${header.line}: the header is "${header.cells.join(',')}"; it must be: ${columns}`;
}

function readRow(record: CsvRecord, row: number, slotMinutes: number): Parsed<Arrival> {
  const { cells, line } = record;
  if (cells.length !== ARRIVAL_COLUMNS.length)
    return unreadable(
      `Line ${line}: has ${cells.length} cells; it must have ${ARRIVAL_COLUMNS.length}: ${ARRIVAL_COLUMNS.join(', ')}.`,
    );

  const named = Object.fromEntries(ARRIVAL_COLUMNS.map((column, at) => [column, cells[at]]));
  const checked = Row.safeParse(named);
  if (!checked.success)
    return unreadable(
      ...checked.error.issues.map((issue) => {
        const column = String(issue.path[0]);
        return `Line ${line}, ${column}: "${named[column]}" ${issue.message}.`;
      }),
    );

  const { doctor, ...cellsOfRow } = checked.data;
  const startMinute = minuteOf(cellsOfRow.start);
  const endMinute = startMinute + slotMinutes;
  const arrival = { ...cellsOfRow, row, line, doctorId: doctor, startMinute, endMinute };
  const problem = checkTimes(arrival);
  return problem ? unreadable(`Line ${line}, ${problem}`) : parsed(arrival);
}

/** The APIs judge by the real clock and the played day lies ahead, so that the file itself must keep seed rule 7. */
function checkTimes(arrival: Arrival): string | undefined {
  const { minute, type, start, startMinute, endMinute } = arrival;
  if (endMinute > LAST_MINUTE)
    return `start: a slot at ${start} would end after midnight; it must end by ${timeOf(LAST_MINUTE)}.`;

  const closesMinute = type === 'ONLINE' ? startMinute : endMinute;
  if (minute < closesMinute) return undefined;
  const closing = type === 'ONLINE' ? "the slot's start" : "the slot's end";
  return `minute: ${minute} is too late for ${type} at ${start}; it must lie before ${closing}, 0 to ${closesMinute - 1}.`;
}

function overlaps(arrivals: readonly Arrival[], slotMinutes: number): string[] {
  const firstOfSlot = new Map<string, Arrival>();
  for (const arrival of arrivals) {
    const slot = `${arrival.doctorId} ${arrival.start}`;
    if (!firstOfSlot.has(slot)) firstOfSlot.set(slot, arrival);
  }
  const slots = [...firstOfSlot.values()].sort(
    (one, other) =>
      one.doctorId.localeCompare(other.doctorId) || one.startMinute - other.startMinute,
  );
  return slots.flatMap((slot, at) => {
    const before = slots[at - 1];
    if (before?.doctorId !== slot.doctorId || before.endMinute <= slot.startMinute) return [];
    return [
      `Line ${slot.line}, start: ${slot.start} lies inside the slot of ${slot.doctorId} at ${before.start}; slots of a doctor last ${slotMinutes} minutes (--slot-minutes) and must not overlap.`,
    ];
  });
}

function shorten(problems: readonly string[]): string[] {
  if (problems.length <= MAX_PROBLEMS_SHOWN) return [...problems];
  const left = problems.length - MAX_PROBLEMS_SHOWN;
  return [...problems.slice(0, MAX_PROBLEMS_SHOWN), `... and ${left} more.`];
}
