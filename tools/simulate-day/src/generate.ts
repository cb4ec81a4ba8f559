import { BOOKING_TYPES, type BookingType } from '@opd/capacity-core';
import { ARRIVAL_COLUMNS, type VisitOutcome } from './arrivals';
import { choose, lognormalAt, standardNormal, uniform } from './draw';
import {
  AFTERNOON_WEIGHT,
  CLINIC_STARTS,
  DOCTOR_WEIGHTS,
  EMERGENCY_LATEST_MINUTES,
  MORNING_WEIGHT,
  SHORTEST_LEAD_MINUTES,
  TYPE_FIGURES,
  WALKIN_EARLIEST_MINUTES,
  WALKIN_LATEST_MINUTES,
} from './figures';
import { minuteOf } from './time-of-day';

/** How large a day is to be, and which of its kind. */
export interface DaySize {
  /** A whole number; the same seed gives the same bytes. */
  readonly seed: number;
  /** 1 to 99. */
  readonly doctors: number;
  /** 1 to 50,000. */
  readonly arrivals: number;
}

interface GeneratedArrival {
  readonly minute: number;
  readonly doctor: string;
  readonly start: string;
  readonly type: BookingType;
  readonly outcome: VisitOutcome;
}

/** A choice with its weight, as `choose` takes it. */
type Weighted = readonly [string, number];

const SLOT_MINUTES = 60;
const NOON = 12 * 60;

/**
 * One clinic day as an arrivals file, by the figures of `figures.ts`. Patients are numbered in the
 * order in which they ask, each asks once, and nothing in the file is of a real person.
 */
export function generateDay(size: DaySize): string {
  const doctors = weighDoctors(size);
  const arrivals = Array.from({ length: size.arrivals }, (_, at) =>
    generateArrival(size.seed, at, doctors),
  );
  // A stable sort: who asks in the same minute keeps the order in which he was drawn.
  arrivals.sort((one, other) => one.minute - other.minute);

  const digits = Math.max(4, String(size.arrivals).length);
  const rows = arrivals.map(({ minute, doctor, start, type, outcome }, at) =>
    [minute, doctor, start, type, patientName(at + 1, digits), outcome].join(','),
  );
  return [describeDay(size), ARRIVAL_COLUMNS.join(','), ...rows, ''].join('\n');
}

function describeDay({ seed, doctors, arrivals }: DaySize): string {
  return `# Generated, nobody here is real: generate --seed ${seed} --doctors ${doctors} --arrivals ${arrivals}`;
}

function patientName(number: number, digits: number): string {
  return `Patient ${String(number).padStart(digits, '0')}`;
}

function generateArrival(seed: number, at: number, doctors: readonly Weighted[]): GeneratedArrival {
  const type = choose(
    BOOKING_TYPES.map((each) => [each, TYPE_FIGURES[each].share] as const),
    uniform(seed, at, 'type'),
  );
  const start = choose(
    CLINIC_STARTS.map((each) => [each, weightOfStart(each)] as const),
    uniform(seed, at, 'start'),
  );
  return {
    minute: minuteOfAsking(type, minuteOf(start), [seed, at]),
    doctor: choose(doctors, uniform(seed, at, 'doctor')),
    start,
    type,
    outcome: choose(weighOutcomes(type), uniform(seed, at, 'outcome')),
  };
}

function weighOutcomes(type: BookingType): (readonly [VisitOutcome, number])[] {
  const { noShowRate, cancelRate } = TYPE_FIGURES[type];
  return [
    ['NOSHOW', noShowRate],
    ['CANCEL', cancelRate],
    ['SHOW', 1 - noShowRate - cancelRate],
  ];
}

function weightOfStart(start: string): number {
  return minuteOf(start) < NOON ? MORNING_WEIGHT : AFTERNOON_WEIGHT;
}

/** Some doctors are asked for more than others. */
function weighDoctors({ seed, doctors }: DaySize): Weighted[] {
  const spread = DOCTOR_WEIGHTS.most - DOCTOR_WEIGHTS.least;
  return Array.from({ length: doctors }, (_, index) => {
    const doctorId = `sim-dr-${String(index + 1).padStart(2, '0')}`;
    return [doctorId, DOCTOR_WEIGHTS.least + spread * uniform(seed, 'doctor', index)];
  });
}

/** The minute of the day in which the request arrives, never after the slot is closed to its type. */
function minuteOfAsking(
  type: BookingType,
  startMinute: number,
  [seed, at]: readonly [number, number],
): number {
  const lead = TYPE_FIGURES[type].leadMinutes;
  if (lead) {
    const drawn = Math.round(lognormalAt(lead, standardNormal(seed, at, 'lead')));
    return startMinute - Math.min(startMinute, Math.max(SHORTEST_LEAD_MINUTES, drawn));
  }
  const [earliest, latest] =
    type === 'EMERGENCY'
      ? [startMinute, startMinute + SLOT_MINUTES - EMERGENCY_LATEST_MINUTES]
      : [startMinute - WALKIN_EARLIEST_MINUTES, startMinute + SLOT_MINUTES - WALKIN_LATEST_MINUTES];
  return earliest + Math.floor(uniform(seed, at, 'minute') * (latest - earliest));
}
