import { setTimeout as sleep } from 'node:timers/promises';
import { verdictOf, type Call, type Caller, type Sending, type Verdict } from './caller';
import type { People, SignedInPatient } from './people';
import type { Change, PlannedChange, PlannedVisit } from './plan';

/** A step that a visit took, or tried to; it was repeated until it was settled. */
export interface Step {
  readonly to: string;
  readonly calls: Call[];
  verdict: Verdict;
}

/** One visit as it went. */
export interface Visit {
  readonly plan: PlannedVisit;
  readonly slotId: string;
  readonly patient: SignedInPatient;
  /** Every request for the seat; all carry the same idempotency key. */
  readonly asks: Call[];
  /** Whether there is a seat: what the client knows in the end. */
  verdict: Verdict;
  bookingId?: string;
  tokenNumber?: number;
  readonly steps: Step[];
}

/** One change by the administration as it went. */
export interface SlotChange {
  readonly slotId: string;
  readonly change: Change;
  readonly calls: Call[];
  verdict: Verdict;
}

/** What those who ask work with. */
export interface Desk {
  readonly caller: Caller;
  readonly people: People;
  /** Monotonic: when the rush starts, and when whatever is not settled is given up. */
  readonly startsAtMs: number;
  readonly givenUpAtMs: number;
}

const PAUSE_BEFORE_REPEAT_MS = 150;
const STEPS_OF_ENDING: Readonly<Record<PlannedVisit['ending'], readonly string[]>> = {
  STAY: [],
  CANCEL: ['CANCELLED'],
  CANCEL_TWICE: ['CANCELLED'],
  NOSHOW: ['NOSHOW'],
  REINSTATE: ['NOSHOW', 'BOOKED'],
  SERVE: ['CHECKED_IN', 'IN_CONSULTATION', 'COMPLETED'],
};
const PATH_OF_STEP: Readonly<Record<string, string>> = {
  CANCELLED: 'cancel',
  NOSHOW: 'noshow',
  BOOKED: 'reinstate',
  CHECKED_IN: 'check-in',
  IN_CONSULTATION: 'start',
  COMPLETED: 'complete',
};

/** A visit that has not begun. */
export function newVisit(plan: PlannedVisit, slotId: string, patient: SignedInPatient): Visit {
  return { plan, slotId, patient, asks: [], verdict: 'UNKNOWN', steps: [] };
}

/** Lives through a visit: asks for the seat, then takes its steps. Ends by the time things are given up. */
export async function liveThrough(visit: Visit, desk: Desk): Promise<void> {
  await sleepUntil(desk.startsAtMs + visit.plan.atMs);
  await askForSeat(visit, desk);
  if (visit.verdict !== 'DONE') return;
  for (const to of STEPS_OF_ENDING[visit.plan.ending]) {
    await sleep(visit.plan.pauseMs);
    const step = await takeStep(visit, to, desk);
    if (step.verdict !== 'DONE') return;
  }
}

/** Sends the same request for a seat until it is known whether there is one. */
export async function askForSeat(
  visit: Visit,
  desk: Desk,
  { pauseMs = PAUSE_BEFORE_REPEAT_MS, row }: { pauseMs?: number; row?: number } = {},
): Promise<void> {
  const sending = bookingOf(visit, desk, row);
  visit.verdict = await untilSettled(visit.asks, desk, {
    send: () => desk.caller.send(visit.plan.audience, sending),
    pauseMs,
    isPersistent: visit.plan.isPersistent,
  });
  const last = visit.asks.at(-1)?.body as { bookingId?: string; tokenNumber?: number } | undefined;
  if (visit.verdict !== 'DONE') return;
  if (last?.bookingId !== undefined) visit.bookingId = last.bookingId;
  if (last?.tokenNumber !== undefined) visit.tokenNumber = last.tokenNumber;
  // Asked once more, whoever had to ask twice must be told the same.
  if (visit.asks.length > 1) visit.asks.push(await desk.caller.send(visit.plan.audience, sending));
}

/** Changes a slot; repeated until it is settled. */
export async function applyChange(
  planned: PlannedChange,
  slotId: string,
  desk: Desk,
): Promise<SlotChange> {
  await sleepUntil(desk.startsAtMs + planned.atMs);
  const made: SlotChange = { slotId, change: planned.change, calls: [], verdict: 'UNKNOWN' };
  const { change } = planned;
  const isDelay = 'isDelayed' in change;
  const sending: Sending = {
    method: isDelay ? 'PUT' : 'PATCH',
    path: `/v1/slots/${slotId}${isDelay ? '/delay' : ''}`,
    body: isDelay && change.isDelayed ? { ...change, delayMinutes: 20 } : change,
    token: desk.people.adminToken,
    purpose: { what: 'CHANGE', slotId },
  };
  const send = () => desk.caller.send('admin', sending);
  made.verdict = await untilSettled(made.calls, desk, { send, isPersistent: true });
  return made;
}

async function takeStep(visit: Visit, to: string, desk: Desk): Promise<Step> {
  const { plan, slotId, patient, bookingId } = visit;
  const step: Step = { to, calls: [], verdict: 'UNKNOWN' };
  visit.steps.push(step);
  const audience = to === 'CANCELLED' ? plan.audience : 'desk';
  const sending: Sending = {
    method: 'POST',
    path: `/v1/bookings/${bookingId}/${PATH_OF_STEP[to]}`,
    body: {},
    token: audience === 'patient' ? patient.token : desk.people.deskToken,
    purpose: { what: 'STEP', slotId, patientId: patient.patientId },
  };
  const send = () => desk.caller.send(audience, sending);
  // The same cancel at both instances at once: one seat is freed, and both hear so.
  const second = plan.ending === 'CANCEL_TWICE' ? send() : undefined;
  step.verdict = await untilSettled(step.calls, desk, { send, isPersistent: true });
  if (second) step.calls.push(await second);
  return step;
}

function isFinal(verdict: Verdict): boolean {
  return verdict === 'DONE' || verdict === 'REFUSED';
}

/** Adds calls to `calls` until one settles the matter, or it is given up. */
async function untilSettled(
  calls: Call[],
  desk: Desk,
  how: { send: () => Promise<Call>; pauseMs?: number; isPersistent: boolean },
): Promise<Verdict> {
  let mayHaveHappened = false;
  for (;;) {
    const call = await how.send();
    calls.push(call);
    const verdict = verdictOf(call);
    if (isFinal(verdict)) return verdict;
    // "Not now" is about this call only: an earlier one may yet have happened.
    mayHaveHappened ||= verdict === 'UNKNOWN';
    if (!mayHaveHappened && !how.isPersistent) return 'NOT_NOW';
    if (performance.now() > desk.givenUpAtMs) return mayHaveHappened ? 'UNKNOWN' : 'NOT_NOW';
    await sleep(how.pauseMs ?? PAUSE_BEFORE_REPEAT_MS);
  }
}

function bookingOf(visit: Visit, { people }: Desk, row: number | undefined): Sending {
  const { plan, slotId, patient } = visit;
  const { patientId } = patient;
  const isOwn = plan.audience === 'patient';
  return {
    method: 'POST',
    path: '/v1/bookings',
    body: { slotId, type: plan.type, ...(!isOwn && { patientId }) },
    token: isOwn ? patient.token : people.deskToken,
    idempotencyKey: `${slotId}.${patientId}`,
    purpose: { what: 'BOOK', slotId, patientId },
    ...(row !== undefined && { row }),
  };
}

/** Resolves at this instant of the monotonic clock, at once where it is over. */
export async function sleepUntil(atMs: number): Promise<void> {
  const leftMs = atMs - performance.now();
  if (leftMs > 0) await sleep(leftMs);
}
