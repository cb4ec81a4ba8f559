import { randomUUID } from 'node:crypto';
import { tierOf, type BookingStatus, type Tier } from '@opd/capacity-core';
import { Booking, Problem, type Slot } from '@opd/contracts';
import { isUnsettled, NO_ANSWER, type ApiAnswer, type ApiClient } from './api-client';
import { type Arrival } from './arrivals';
import { channelOf, type Channel } from './channel';
import { describe, type Clinic } from './clinic';
import { type SimulatedPatient } from './patients';
import { type PlannedStep } from './timeline';

/** One arrival on its way through the clinic: what was asked and what the APIs said. */
export interface Visit {
  readonly arrival: Arrival;
  readonly patient: SimulatedPatient;
  readonly slot: Slot;
  readonly channel: Channel;
  readonly tier: Tier;
  /** The same for every try of the booking. */
  readonly idempotencyKey: string;
  /** The answer to the booking; none before it is asked for. */
  outcome?: VisitAnswer;
  /** The last state the APIs confirmed; none without a booking. */
  status?: BookingStatus;
  /** Code of a step that was not answered, so that `status` may not be what the clinic has. */
  unansweredStepCode?: string;
  /** How long the last try of the booking took. */
  answerMs?: number;
  /** How long he sat at the door; none if he was not called. */
  waitMinutes?: number;
}

/** How a booking was answered in the end. */
export type VisitAnswer =
  | { readonly kind: 'ADMITTED'; readonly booking: Booking }
  | { readonly kind: 'REFUSED'; readonly code: string }
  /** The tries were used up; whether a seat was taken is open. */
  | { readonly kind: 'UNANSWERED'; readonly code: string };

/** Steps of a visit behind its booking. */
export type VisitStep = Exclude<PlannedStep, 'BOOK'> | 'START' | 'COMPLETE';

const STEPS: Readonly<
  Record<VisitStep, { readonly verb: string; readonly leadsTo: BookingStatus }>
> = {
  CANCEL: { verb: 'cancel', leadsTo: 'CANCELLED' },
  NOSHOW: { verb: 'noshow', leadsTo: 'NOSHOW' },
  CHECK_IN: { verb: 'check-in', leadsTo: 'CHECKED_IN' },
  START: { verb: 'start', leadsTo: 'IN_CONSULTATION' },
  COMPLETE: { verb: 'complete', leadsTo: 'COMPLETED' },
};

/** Refusals that a played day may meet; any other means that the clinic or the tool is broken. */
const EXPECTED_REFUSALS: readonly string[] = [
  'SLOT_CLOSED',
  'SLOT_ENDED',
  'ALREADY_BOOKED',
  'TOO_MANY_ACTIVE_BOOKINGS',
  'TOO_MANY_BOOKINGS_IN_SLOT',
  'SLOT_RECORD_FULL',
  'SLOT_FULL',
];

/** A visit that is still ahead. */
export function planVisit(arrival: Arrival, patient: SimulatedPatient, slot: Slot): Visit {
  const tier = tierOf(arrival.type);
  return {
    arrival,
    patient,
    slot,
    tier,
    channel: channelOf(arrival),
    idempotencyKey: randomUUID(),
  };
}

/** True when everything that was asked for the visit has an answer that settles it. */
export function isSettled({ outcome, unansweredStepCode }: Visit): boolean {
  return outcome !== undefined && outcome.kind !== 'UNANSWERED' && unansweredStepCode === undefined;
}

/** Asks for the seat and notes the answer. What speaks against the contract goes to the tally. */
export async function book(clinic: Clinic, visit: Visit): Promise<void> {
  const { arrival, slot, patient, channel } = visit;
  const own = { slotId: slot.slotId, type: arrival.type };
  const isOwn = channel === 'patient-api';
  const answer = await apiOf(clinic, channel).ask({
    method: 'POST',
    path: '/v1/bookings',
    token: await tokenOf(clinic, visit, channel),
    body: isOwn ? own : { ...own, patient },
    idempotencyKey: visit.idempotencyKey,
  });
  visit.answerMs = answer.answerMs;
  visit.outcome = judgeBooking(clinic, visit, answer);
  if (visit.outcome.kind === 'ADMITTED') visit.status = visit.outcome.booking.status;
}

/** Takes one further step with an admitted booking; the patient cancels himself what he booked himself. */
export async function takeStep(clinic: Clinic, visit: Visit, step: VisitStep): Promise<void> {
  if (visit.outcome?.kind !== 'ADMITTED') return;
  const { verb, leadsTo } = STEPS[step];
  const channel = step === 'CANCEL' ? visit.channel : 'desk-api';
  const api = apiOf(clinic, channel);
  const answer = await api.ask({
    method: 'POST',
    path: `/v1/bookings/${visit.outcome.booking.bookingId}/${verb}`,
    token: await tokenOf(clinic, visit, channel),
    body: {},
  });
  const booking = answer.status === 200 ? Booking.safeParse(answer.body) : undefined;
  if (booking?.success && booking.data.status === leadsTo) visit.status = leadsTo;
  else {
    visit.unansweredStepCode = answer.code ?? String(answer.status);
    if (!isUnsettled(answer))
      broken(clinic, visit, `${verb} answered ${describe(answer)}, not a booking ${leadsTo}`);
  }
}

function apiOf(clinic: Clinic, channel: Channel): ApiClient {
  return channel === 'patient-api' ? clinic.patientApi : clinic.deskApi;
}

async function tokenOf(clinic: Clinic, visit: Visit, channel: Channel): Promise<string> {
  return channel === 'patient-api' ? clinic.patient(visit.patient).token() : clinic.desk.token();
}

function judgeBooking(clinic: Clinic, visit: Visit, answer: ApiAnswer): VisitAnswer {
  const code = answer.code ?? NO_ANSWER;
  if (answer.status === 201) return judgeAdmission(clinic, visit, answer);
  if (isUnsettled(answer)) return { kind: 'UNANSWERED', code };

  if (!EXPECTED_REFUSALS.includes(code))
    broken(clinic, visit, `the booking answered ${describe(answer)}, which no played day may meet`);
  if (code === 'SLOT_FULL') checkSlotFull(clinic, visit, answer);
  return { kind: 'REFUSED', code };
}

function judgeAdmission(clinic: Clinic, visit: Visit, { body }: ApiAnswer): VisitAnswer {
  const booking = Booking.safeParse(body);
  if (!booking.success) {
    broken(clinic, visit, 'the booking answered 201 with a body against the contract');
    return { kind: 'UNANSWERED', code: 'UNREADABLE' };
  }
  const { slotId, tier, type } = booking.data;
  if (slotId !== visit.slot.slotId || tier !== visit.tier || type !== visit.arrival.type)
    broken(clinic, visit, `201 for ${slotId} ${type} ${tier}, which was not asked for`);
  return { kind: 'ADMITTED', booking: booking.data };
}

/** A refusal explains itself, so that it can be held against the rule by which it says it was made. */
function checkSlotFull(clinic: Clinic, visit: Visit, answer: ApiAnswer): void {
  const full = Problem.safeParse(answer.body);
  const { bookedCount, limit } = (full.data ?? {}) as { bookedCount?: unknown; limit?: unknown };
  const holds =
    typeof bookedCount === 'number' &&
    limit === visit.slot.limits[visit.tier] &&
    bookedCount >= limit;
  if (!holds)
    broken(clinic, visit, `SLOT_FULL with ${String(bookedCount)} booked of ${String(limit)}`);
}

function broken(clinic: Clinic, { arrival, slot }: Visit, what: string): void {
  clinic.tally.brokenAnswers.push(
    `Line ${arrival.line} (${slot.slotId}, ${arrival.type}): ${what}.`,
  );
}
