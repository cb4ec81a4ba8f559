import type { mongo } from 'mongoose';
import { CUT_AFTER_MS, verdictOf, type Call } from './caller';
import type { RoundRecord } from './round';
import { SlotTimeline, tierOf } from './timeline';
import type { Visit } from './visits';

/** Something that must not be. */
export interface Finding {
  readonly rule: string;
  readonly detail: string;
}

/** A slot's document, as far as the judges look at it. */
export interface RawSlot {
  readonly _id: string;
  readonly doctorDay: string;
  readonly status: string;
  readonly isDelayed: boolean;
  readonly capacity: unknown;
  readonly bookings: readonly RawBooking[];
}

/** See {@link RawSlot}. */
export interface RawBooking {
  readonly bookingId: string;
  readonly patientId: string;
  readonly status: string;
  readonly tokenNumber: number;
}

/** The round's slots as a majority of the members has them. */
export function readSlots(db: mongo.Db, slotIds: readonly string[]): Promise<RawSlot[]> {
  const slots = db.collection<RawSlot>('slots', { readConcern: 'majority' });
  return slots.find({ _id: { $in: [...slotIds] } }).toArray();
}

interface ProblemBody {
  readonly bookingType?: string;
  readonly tier?: string;
  readonly bookedCount?: number;
  readonly limit?: number;
  readonly seats?: number;
  readonly bookingId?: string;
  readonly from?: string;
}

/** Judges single answers: is it true, was it in time, is it one of those that may be given at all. */
export class AnswerJudge {
  readonly #timelines: ReadonlyMap<string, SlotTimeline>;
  readonly #bookings: ReadonlyMap<string, RawBooking & { readonly doctorDay: string }>;
  readonly #visitOf: ReadonlyMap<string, Visit>;

  constructor(
    private readonly round: RoundRecord,
    slots: readonly RawSlot[],
  ) {
    const { slotIds, visits, changes } = round;
    this.#timelines = new Map(
      slotIds.map((slotId) => [slotId, new SlotTimeline(slotId, visits, changes)]),
    );
    this.#bookings = new Map(
      slots.flatMap(({ doctorDay, bookings }) =>
        bookings.map((booking) => [booking.bookingId, { ...booking, doctorDay }]),
      ),
    );
    this.#visitOf = new Map(
      visits.flatMap((visit) => (visit.bookingId ? [[visit.bookingId, visit] as const] : [])),
    );
  }

  /** What is wrong with this answer; undefined if nothing is. */
  finding(call: Call): Finding | undefined {
    return lateness(call) ?? this.#falsehood(call);
  }

  /** All admissions that were not possible at any moment of their request. */
  impossibleAdmissions(): Finding[] {
    return this.round.visits
      .filter((visit) => visit.verdict === 'DONE')
      .flatMap((visit) => {
        const { slotId, asks, plan } = visit;
        const timeline = this.#timelines.get(slotId);
        const fromMs = asks[0]?.sentAtMs ?? 0;
        const toMs = asks.find((call) => verdictOf(call) === 'DONE')?.endedAtMs ?? Infinity;
        if (!timeline) return [];
        const limit = Math.max(...timeline.possibleLimits(tierOf(plan.type), [fromMs, toMs]));
        const seats = timeline.fewestSeats(fromMs, toMs, visit);
        if (seats >= limit)
          return [{ rule: 'ADMITTED_WHEN_FULL', detail: `${slotId}: ${seats} of ${limit} held` }];
        if (!timeline.mayBeOpen([fromMs, toMs]))
          return [{ rule: 'ADMITTED_WHEN_CLOSED', detail: slotId }];
        return [];
      });
  }

  #falsehood(call: Call): Finding | undefined {
    if (verdictOf(call) !== 'REFUSED') return brokenAnswer(call);
    const isTrue = this.#isTrue(call);
    if (isTrue) return undefined;
    return { rule: 'REFUSAL_NOT_TRUE', detail: `${describe(call)} ${JSON.stringify(call.body)}` };
  }

  #isTrue(call: Call): boolean {
    const timeline = this.#timelines.get(call.slotId);
    const check = CHECKS[call.code ?? ''];
    const problem = (call.body ?? {}) as ProblemBody;
    if (timeline && check)
      return check(timeline, problem, [call.sentAtMs, call.endedAtMs ?? Infinity]);
    if (call.code === 'ALREADY_BOOKED') return this.#hadBooking(call, problem.bookingId ?? '');
    return call.code === 'INVALID_TRANSITION' && this.#mayHaveBeen(call, problem.from ?? '');
  }

  /** The booking that a refusal names is the patient's, of that day, and may have been active then. */
  #hadBooking(call: Call, bookingId: string): boolean {
    const booking = this.#bookings.get(bookingId);
    const day = call.slotId.slice(0, call.slotId.lastIndexOf('_'));
    if (booking?.patientId !== call.patientId || booking?.doctorDay !== day) return false;
    const visit = this.#visitOf.get(bookingId);
    return !visit || mayBeActive(visit, call);
  }

  #mayHaveBeen(call: Call, status: string): boolean {
    const visit = this.round.visits.find(({ steps }) =>
      steps.some(({ calls }) => calls.includes(call)),
    );
    const reached = visit?.steps.filter(
      ({ calls }) => (calls[0]?.sentAtMs ?? Infinity) <= call.sentAtMs,
    );
    return ['BOOKED', ...(reached ?? []).map(({ to }) => to)].includes(status);
  }
}

type Span = readonly [fromMs: number, toMs: number];

/** Refusals that speak of the slot alone: may they have been true at some moment? */
const CHECKS: Readonly<
  Record<string, (timeline: SlotTimeline, problem: ProblemBody, span: Span) => boolean>
> = {
  SLOT_FULL: (timeline, { limit = 0, tier = '', bookedCount = 0 }, span) =>
    timeline.possibleLimits(tier, span).includes(limit) &&
    bookedCount >= limit &&
    timeline.mostSeats(...span) >= bookedCount,
  SLOT_CLOSED: (timeline, _problem, span) => timeline.mayBeClosed(span),
  CAPACITY_IN_USE: (timeline, { bookedCount = 0, seats = 0 }, span) =>
    bookedCount > seats && timeline.mostSeats(...span) >= bookedCount,
};

const ENDING_A_CLAIM = ['CANCELLED', 'NOSHOW', 'COMPLETED'];

function mayBeActive({ asks, steps }: Visit, during: Call): boolean {
  const wasAsked = asks.some(({ sentAtMs }) => sentAtMs <= (during.endedAtMs ?? Infinity));
  const isTakenBack = steps.some(({ to }) => to === 'BOOKED');
  const ending = steps.find(({ to, verdict }) => ENDING_A_CLAIM.includes(to) && verdict === 'DONE');
  const endedAtMs = ending?.calls.at(-1)?.endedAtMs ?? Infinity;
  return wasAsked && (isTakenBack || endedAtMs >= during.sentAtMs);
}

/** An answer may come late, or not at all, only from a process that was dead or frozen meanwhile. */
function lateness(call: Call): Finding | undefined {
  const { sentAtMs, endedAtMs, instance, code, status } = call;
  if (endedAtMs === undefined) return { rule: 'NO_END', detail: describe(call) };
  if (instance.part.wasAway(sentAtMs, endedAtMs)) return undefined;
  const tookMs = Math.round(endedAtMs - sentAtMs);
  if (tookMs > CUT_AFTER_MS || code === 'CUT')
    return { rule: 'TOO_LATE', detail: `${describe(call)} took ${tookMs} ms` };
  if (status === undefined) return { rule: 'CONNECTION_LOST', detail: describe(call) };
  return undefined;
}

const MAY_FAIL_WITH = ['OUTCOME_UNKNOWN', 'STORE_UNAVAILABLE', 'LOCK_UNAVAILABLE', 'SLOT_BUSY'];

function brokenAnswer(call: Call): Finding | undefined {
  const { status, code } = call;
  if (status === undefined || status < 300 || MAY_FAIL_WITH.includes(code ?? '')) return undefined;
  return { rule: 'ANSWER_NOT_ALLOWED', detail: `${describe(call)} ${JSON.stringify(call.body)}` };
}

/** One call in a line, for a finding. */
export function describe({ audience, instance, what, slotId, status, code }: Call): string {
  return `${what} at ${audience}-api ${instance.row} for ${slotId}: ${status ?? '-'} ${code ?? ''}`;
}
