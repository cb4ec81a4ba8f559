import { auditAnswers, auditSlots, type ClientAnswer } from '@opd/testing';
import type { mongo } from 'mongoose';
import { ANSWER_WITHIN_MS, verdictOf, type Call } from './caller';
import { AnswerJudge, readSlots, type Finding, type RawSlot } from './judge-answers';
import type { RoundRecord } from './round';
import type { Visit } from './visits';

/** Figures of one round. */
export interface RoundFigures {
  readonly requests: number;
  /** Requests that met a clinic in which every part was well from their start to their end. */
  readonly healthy: number;
  /** Of those: done, or refused with a reason that is true. */
  readonly healthyAndAnswered: number;
  readonly unknown: number;
  readonly slowestMs: number;
  /** Answers after the 3 s of the promise, within the allowance for a crowded machine. */
  readonly late: number;
  /** The longest time in which nobody who asked for a seat was told yes or no. */
  readonly longestGapMs: number;
  /** From a crash to the first decision on a slot that the process was writing to. */
  readonly bookableAfterMs: readonly number[];
  /** Answers that healthy requests got and that were neither, by code. */
  readonly healthyButNot: Readonly<Record<string, number>>;
}

/** What a round showed. */
export interface RoundVerdict {
  readonly findings: readonly Finding[];
  readonly figures: RoundFigures;
}

/** A slot must be bookable again after a crash: the life of a lock and a quarter of a second. */
const BOOKABLE_WITHIN_MS = 2_250;

/** Judges a round by its raw documents, once everything is well and nobody asks any more. */
export async function judgeRound(round: RoundRecord, db: mongo.Db): Promise<RoundVerdict> {
  const slots = await readSlots(db, round.slotIds);
  const answers = new AnswerJudge(round, slots);
  const judged = round.calls.map((call) => ({ call, finding: answers.finding(call) }));
  const findings: Finding[] = [
    ...(round.healthyAtMs === undefined ? [{ rule: 'NOT_WELL_AGAIN', detail: 'not healed' }] : []),
    ...(await auditSlots(db)).map(({ rule, slotId, detail }) => ({
      rule,
      detail: `${slotId} ${detail}`,
    })),
    ...(await auditedAnswers(round, db)),
    ...judged.flatMap(({ finding }) => finding ?? []),
    ...answers.impossibleAdmissions(),
    ...round.visits.flatMap((visit) => findingsOfVisit(visit, slots)),
    ...round.slotIds.flatMap((slotId) => findingsOfChanges(slotId, round, slots)),
    ...slowProbes(round),
  ];
  const isSound = new Set(judged.filter(({ finding }) => !finding).map(({ call }) => call));
  return { findings, figures: figuresOf(round, (call) => isSound.has(call)) };
}

async function auditedAnswers(round: RoundRecord, db: mongo.Db): Promise<Finding[]> {
  const asked = round.visits.filter(({ asks }) => asks.length > 0);
  const found = await auditAnswers(db, asked.map(answerOf));
  return found.map(({ rule, slotId, detail }) => ({ rule, detail: `${slotId} ${detail}` }));
}

function answerOf(visit: Visit): ClientAnswer {
  const { slotId, bookingId, tokenNumber, verdict } = visit;
  const { patientId } = visit.patient;
  if (verdict === 'DONE' && bookingId !== undefined && tokenNumber !== undefined)
    return { kind: 'BOOKED', patientId, slotId, bookingId, tokenNumber };
  if (verdict === 'UNKNOWN') return { kind: 'UNKNOWN', patientId, slotId };
  return { kind: 'REFUSED', patientId, slotId, code: visit.asks.at(-1)?.code ?? '' };
}

function findingsOfVisit(visit: Visit, slots: readonly RawSlot[]): Finding[] {
  const { slotId, bookingId, asks, steps } = visit;
  const who = `${slotId} ${bookingId ?? visit.patient.patientId}`;
  const open = [visit, ...steps].filter(({ verdict }) => verdict === 'UNKNOWN');
  if (asks.length > 0 && open.length > 0) return [{ rule: 'UNSETTLED', detail: who }];
  const told = bookingIdsTold(visit);
  if (told.size > 1) return [{ rule: 'TWO_TRUTHS', detail: `${who}: ${[...told].join(', ')}` }];
  if (bookingId === undefined) return [];
  return lostStatus(visit, slots).map((detail) => ({ rule: 'STATUS_LOST', detail }));
}

function bookingIdsTold({ asks }: Visit): Set<string | undefined> {
  const done = asks.filter((call) => verdictOf(call) === 'DONE');
  return new Set(done.map(({ body }) => (body as { bookingId?: string } | undefined)?.bookingId));
}

function lostStatus({ slotId, bookingId, steps }: Visit, slots: readonly RawSlot[]): string[] {
  const slot = slots.find(({ _id }) => _id === slotId);
  const stored = slot?.bookings.find((booking) => booking.bookingId === bookingId)?.status;
  const expected = steps.filter(({ verdict }) => verdict === 'DONE').at(-1)?.to ?? 'BOOKED';
  if (stored === expected) return [];
  return [`${slotId} ${bookingId} is ${stored}, was told ${expected}`];
}

/** The last change that was acknowledged is what the slot shows. */
function findingsOfChanges(
  slotId: string,
  round: RoundRecord,
  slots: readonly RawSlot[],
): Finding[] {
  const slot = slots.find(({ _id }) => _id === slotId);
  return ['status', 'isDelayed', 'capacity'].flatMap((field) => {
    const made = round.changes.filter(
      (change) => change.slotId === slotId && field in change.change,
    );
    // A refused one that had to be repeated may have been lost first and land later.
    const isOpen = made.some(({ verdict, calls }) => verdict !== 'DONE' && calls.length > 1);
    const last = made.filter(({ verdict }) => verdict === 'DONE').at(-1);
    if (isOpen || !last) return [];
    const [told, stored] = [last.change, slot].map((holder) =>
      JSON.stringify((holder as unknown as Record<string, unknown> | undefined)?.[field]),
    );
    if (told === stored) return [];
    return [{ rule: 'CHANGE_LOST', detail: `${slotId} ${field} is ${stored}, was told ${told}` }];
  });
}

function slowProbes({ probes, faults }: RoundRecord): Finding[] {
  // With a second fault at the same time it was not the crash alone that kept the slot.
  const healed = faults.filter(({ kind, struckAtMs }) => kind !== 'api-kill' && struckAtMs);
  const killedAtMs = faults.find(({ kind }) => kind === 'api-kill')?.struckAtMs ?? 0;
  const isBlurred = healed.some(
    ({ struckAtMs = 0 }) =>
      struckAtMs < killedAtMs + BOOKABLE_WITHIN_MS && struckAtMs > killedAtMs - 6_000,
  );
  if (isBlurred) return [];
  return probes
    .filter(({ bookableAfterMs = Infinity }) => bookableAfterMs > BOOKABLE_WITHIN_MS)
    .map(({ slotId, bookableAfterMs }) => ({
      rule: 'BLOCKED_AFTER_CRASH',
      detail: `${slotId}: ${bookableAfterMs ?? 'never'} ms`,
    }));
}

function figuresOf(round: RoundRecord, isSound: (call: Call) => boolean): RoundFigures {
  const healthy = round.calls.filter((call) => isHealthy(call, round));
  const answered = healthy.filter(
    (call) => isSound(call) && ['DONE', 'REFUSED'].includes(verdictOf(call)),
  );
  const healthyButNot: Record<string, number> = {};
  for (const call of healthy.filter((one) => !answered.includes(one)))
    healthyButNot[call.code ?? ''] = (healthyButNot[call.code ?? ''] ?? 0) + 1;
  const answeredCalls = round.calls.filter(({ status }) => status !== undefined);
  const times = answeredCalls.map(({ sentAtMs, endedAtMs = 0 }) => endedAtMs - sentAtMs);
  return {
    requests: round.calls.length,
    healthy: healthy.length,
    healthyAndAnswered: answered.length,
    unknown: round.calls.filter((call) => verdictOf(call) === 'UNKNOWN').length,
    slowestMs: Math.round(Math.max(0, ...times)),
    late: times.filter((tookMs) => tookMs > ANSWER_WITHIN_MS).length,
    longestGapMs: longestGapMs(round),
    bookableAfterMs: round.probes.flatMap(({ bookableAfterMs }) =>
      bookableAfterMs === undefined ? [] : [Math.round(bookableAfterMs)],
    ),
    healthyButNot,
  };
}

function isHealthy({ sentAtMs, endedAtMs = Infinity }: Call, round: RoundRecord): boolean {
  const strikes = round.faults.flatMap(({ struckAtMs }) => struckAtMs ?? []);
  const firstMs = Math.min(Infinity, ...strikes);
  return endedAtMs < firstMs || sentAtMs > (round.healthyAtMs ?? Infinity);
}

function longestGapMs({ calls, startedAtMs, healthyAtMs }: RoundRecord): number {
  const decided = calls
    .filter((call) => call.what === 'BOOK' && ['DONE', 'REFUSED'].includes(verdictOf(call)))
    .map(({ endedAtMs = 0 }) => endedAtMs);
  const untilMs = healthyAtMs ?? Infinity;
  const within = [startedAtMs, ...decided.filter((atMs) => atMs <= untilMs)].sort((a, b) => a - b);
  const gaps = within.map((atMs, index) => atMs - (within[index - 1] ?? atMs));
  return Math.round(Math.max(0, ...gaps));
}
