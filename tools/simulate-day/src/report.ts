import { CHANNELS } from './channel';
import { percentile, TALLY_COLUMNS, tallyVisits, type TallyColumn, type VisitTally } from './tally';
import { type Visit } from './visit';

/** What is known of a played day. */
export interface PlayedDay {
  readonly file: string;
  readonly date: string;
  readonly seed: number;
  readonly concurrency: number;
  readonly windowMinutes: number;
  readonly slotMinutes: number;
  readonly visits: readonly Visit[];
  readonly playedMs: number;
  readonly retriesByCode: ReadonlyMap<string, number>;
}

const LABEL_WIDTH = 34;
const CELL_WIDTH = 10;

type Cell = (tally: VisitTally) => string;

/** The day as a person reads it: who asked, who was admitted or refused and why, and how long it took. */
export function formatReport(day: PlayedDay): string {
  const columns = tallyVisits(day.visits);
  const row = (label: string, cell: Cell) =>
    label.padEnd(LABEL_WIDTH) +
    TALLY_COLUMNS.map((column) => cell(columns[column]).padStart(CELL_WIDTH)).join('');

  return [
    ...heading(day),
    '',
    ' '.repeat(LABEL_WIDTH) + TALLY_COLUMNS.map((column) => column.padStart(CELL_WIDTH)).join(''),
    row('asked', ({ asked }) => String(asked)),
    ...CHANNELS.map((channel) =>
      row(`  through ${channel}`, ({ askedThrough }) => String(askedThrough[channel])),
    ),
    row('admitted', ({ admitted }) => String(admitted)),
    row('  of these in a re-used seat (1)', ({ reUsed }) => String(reUsed)),
    row('refused', ({ refusedByCode }) => String(sum(refusedByCode))),
    ...codeRows(columns, 'refusedByCode', row),
    row('bookings not answered', ({ unansweredByCode }) => String(sum(unansweredByCode))),
    ...codeRows(columns, 'unansweredByCode', row),
    row('later steps not answered', ({ unansweredStepsByCode }) =>
      String(sum(unansweredStepsByCode)),
    ),
    ...codeRows(columns, 'unansweredStepsByCode', row),
    row('seats given back by cancel', ({ cancelled }) => String(cancelled)),
    row('seats given back by no-show', ({ noShows }) => String(noShows)),
    row('seen by the doctor', ({ completed }) => String(completed)),
    row('wait at the door, p50, min (2)', ({ waitsMinutes }) => shown(waitsMinutes, 0.5)),
    row('wait at the door, p90, min (2)', ({ waitsMinutes }) => shown(waitsMinutes, 0.9)),
    row('answer to a booking, p50, ms (3)', ({ answersMs }) => shown(answersMs, 0.5)),
    row('answer to a booking, p99, ms (3)', ({ answersMs }) => shown(answersMs, 0.99)),
    '',
    retryLine(day.retriesByCode),
    '',
    ...DEFINITIONS,
  ].join('\n');
}

const DEFINITIONS = [
  "(1) Admitted with a token number above the limit of the tier. A slot's token numbers are given",
  '    in order and never again, so without a seat given back nobody gets one beyond the limit.',
  "(2) Simulated: from the slot's start, or the patient's coming if that is later, until the doctor",
  '    calls. Emergencies go first, then the earlier slot, then the lower token number.',
  '(3) Measured at the client, of the try that was answered; pauses before a retry not counted.',
];

function heading(day: PlayedDay): string[] {
  const doctors = new Set(day.visits.map(({ arrival }) => arrival.doctorId)).size;
  const slots = new Set(day.visits.map(({ slot }) => slot.slotId)).size;
  const seconds = (day.playedMs / 1_000).toFixed(1);
  return [
    `${day.file} played on ${day.date}: ${doctors} doctor(s), ${slots} slot(s) of ${day.slotMinutes} minutes, ${day.visits.length} arrival(s).`,
    `Seed ${day.seed}, concurrency ${day.concurrency}, windows of ${day.windowMinutes} min, played in ${seconds} s.`,
  ];
}

function codeRows(
  columns: Record<TallyColumn, VisitTally>,
  of: 'refusedByCode' | 'unansweredByCode' | 'unansweredStepsByCode',
  row: (label: string, cell: Cell) => string,
): string[] {
  return [...columns.ALL[of].keys()]
    .sort()
    .map((code) => row(`  ${code}`, (tally) => String(tally[of].get(code) ?? 0)));
}

function retryLine(retriesByCode: ReadonlyMap<string, number>): string {
  if (retriesByCode.size === 0) return 'No request had to be sent again.';
  const codes = [...retriesByCode].sort(([one], [other]) => one.localeCompare(other));
  const counts = codes.map(([code, times]) => `${code} ${times}`).join(', ');
  return `Requests sent again after a pause, with the same Idempotency-Key: ${counts}.`;
}

function sum(counts: ReadonlyMap<string, number>): number {
  return [...counts.values()].reduce((total, each) => total + each, 0);
}

function shown(values: readonly number[], part: number): string {
  return percentile(values, part)?.toFixed(1) ?? '-';
}
