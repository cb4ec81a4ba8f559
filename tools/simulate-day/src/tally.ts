import { TIERS, type Tier } from '@opd/capacity-core';
import { CHANNELS, type Channel } from './channel';
import { type Visit, type VisitAnswer } from './visit';

/** What became of the visits of one tier, or of all. */
export interface VisitTally {
  asked: number;
  readonly askedThrough: Record<Channel, number>;
  admitted: number;
  /** Admissions in a seat that somebody had given back; see {@link isReUse}. */
  reUsed: number;
  readonly refusedByCode: Map<string, number>;
  /** Bookings that were not answered; below, admitted visits of which a later step was not. */
  readonly unansweredByCode: Map<string, number>;
  readonly unansweredStepsByCode: Map<string, number>;
  cancelled: number;
  noShows: number;
  completed: number;
  /** Simulated minutes at the door, of those who were called. */
  readonly waitsMinutes: number[];
  /** How long the last try of a booking took, of all that were answered. */
  readonly answersMs: number[];
}

/** The columns of the report. */
export const TALLY_COLUMNS = [...TIERS, 'ALL'] as const;
export type TallyColumn = (typeof TALLY_COLUMNS)[number];

/** Counts the visits, per tier and in all. Those that were never asked for count nowhere. */
export function tallyVisits(visits: readonly Visit[]): Record<TallyColumn, VisitTally> {
  const columns = Object.fromEntries(
    TALLY_COLUMNS.map((column) => [column, emptyTally()]),
  ) as Record<TallyColumn, VisitTally>;
  for (const visit of visits) {
    count(columns[visit.tier], visit);
    count(columns.ALL, visit);
  }
  return columns;
}

/**
 * True for an admission that took place only because a seat had been given back: its token number
 * lies above the limit of its tier. A slot's token numbers are given in order and never again, so
 * as many patients had been admitted before it as its tier may ever count.
 */
export function isReUse(
  tokenNumber: number,
  tier: Tier,
  limits: Readonly<Record<Tier, number>>,
): boolean {
  return tokenNumber > limits[tier];
}

/** The value that the given part of all values does not exceed (nearest rank); none of no values. */
export function percentile(values: readonly number[], part: number): number | undefined {
  const sorted = values.toSorted((one, other) => one - other);
  return sorted[Math.max(0, Math.ceil(part * sorted.length) - 1)];
}

function emptyTally(): VisitTally {
  const askedThrough = Object.fromEntries(CHANNELS.map((channel) => [channel, 0])) as Record<
    Channel,
    number
  >;
  return {
    asked: 0,
    askedThrough,
    admitted: 0,
    reUsed: 0,
    refusedByCode: new Map(),
    unansweredByCode: new Map(),
    unansweredStepsByCode: new Map(),
    cancelled: 0,
    noShows: 0,
    completed: 0,
    waitsMinutes: [],
    answersMs: [],
  };
}

function count(tally: VisitTally, visit: Visit): void {
  const { outcome, channel, answerMs, waitMinutes } = visit;
  if (!outcome) return;
  tally.asked++;
  tally.askedThrough[channel]++;
  countAnswer(tally, visit, outcome);
  countStatus(tally, visit);
  if (waitMinutes !== undefined) tally.waitsMinutes.push(waitMinutes);
  if (answerMs !== undefined && outcome.kind !== 'UNANSWERED') tally.answersMs.push(answerMs);
}

function countAnswer(tally: VisitTally, { tier, slot }: Visit, answer: VisitAnswer): void {
  switch (answer.kind) {
    case 'ADMITTED':
      tally.admitted++;
      if (isReUse(answer.booking.tokenNumber, tier, slot.limits)) tally.reUsed++;
      break;
    case 'REFUSED':
      addOne(tally.refusedByCode, answer.code);
      break;
    case 'UNANSWERED':
      addOne(tally.unansweredByCode, answer.code);
  }
}

function countStatus(tally: VisitTally, { status, unansweredStepCode }: Visit): void {
  if (unansweredStepCode !== undefined) addOne(tally.unansweredStepsByCode, unansweredStepCode);
  if (status === 'CANCELLED') tally.cancelled++;
  if (status === 'NOSHOW') tally.noShows++;
  if (status === 'COMPLETED') tally.completed++;
}

function addOne(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}
