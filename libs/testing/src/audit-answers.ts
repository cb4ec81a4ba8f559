import type { mongo } from 'mongoose';
import { readRawSlots, type Finding, type RawSlot } from './raw-slot';

/**
 * What one client was told. `UNKNOWN` is a request without an answer that settles it: a time-out, a
 * broken connection, 503 `OUTCOME_UNKNOWN`.
 */
export type ClientAnswer =
  | {
      readonly kind: 'BOOKED';
      readonly patientId: string;
      readonly slotId: string;
      readonly bookingId: string;
      readonly tokenNumber: number;
    }
  | {
      readonly kind: 'REFUSED';
      readonly patientId: string;
      readonly slotId: string;
      readonly code: string;
    }
  | { readonly kind: 'UNKNOWN'; readonly patientId: string; readonly slotId: string };

/** Slots asked for in one query. */
const BATCH_SLOTS = 100;

/**
 * Holds what clients were told against what lies in the database. A booking that was promised is
 * there with its token; whoever was refused has none; who got no answer has at most one; and nobody
 * has a booking who was not told so. Bookings count in whatever status they are by now.
 *
 * @param answers of every request to the slots they name, from clients who asked once each
 * @returns what does not fit, by slot
 * @throws if a patient asked twice for a slot: the two answers could not be told apart
 */
export async function auditAnswers(
  db: mongo.Db,
  answers: readonly ClientAnswer[],
): Promise<Finding[]> {
  const bySlot = answersBySlot(answers);
  const slotIds = [...bySlot.keys()];
  const findings: Finding[] = [];
  for (let from = 0; from < slotIds.length; from += BATCH_SLOTS)
    for await (const read of readRawSlots(db, slotIds.slice(from, from + BATCH_SLOTS))) {
      const slotId = 'slot' in read ? read.slot._id : read.finding.slotId;
      if ('finding' in read) findings.push(read.finding);
      else findings.push(...findingsAgainst(read.slot, bySlot.get(slotId) ?? new Map()));
      bySlot.delete(slotId);
    }
  return [...findings, ...[...bySlot.values()].flatMap(findingsWithoutSlot)];
}

type AnswersByPatient = ReadonlyMap<string, ClientAnswer>;

function answersBySlot(answers: readonly ClientAnswer[]): Map<string, AnswersByPatient> {
  const bySlot = new Map<string, Map<string, ClientAnswer>>();
  for (const answer of answers) {
    const ofSlot = bySlot.get(answer.slotId) ?? new Map<string, ClientAnswer>();
    if (ofSlot.has(answer.patientId))
      throw new Error(`${answer.patientId} asked twice for ${answer.slotId}: ask once each`);
    bySlot.set(answer.slotId, ofSlot.set(answer.patientId, answer));
  }
  return bySlot;
}

type Booking = RawSlot['bookings'][number];

function findingsAgainst(slot: RawSlot, answers: AnswersByPatient): Finding[] {
  const asked = [...answers.values()].flatMap((answer) => {
    const own = slot.bookings.filter(({ patientId }) => patientId === answer.patientId);
    return contradictions(answer, own);
  });
  const unasked = slot.bookings
    .filter(({ patientId }) => !answers.has(patientId))
    .map(({ bookingId }) => ({ rule: 'UNASKED_BOOKING', detail: `nobody asked for ${bookingId}` }));
  return [...asked, ...unasked].map((found) => ({ slotId: slot._id, ...found }));
}

// An answer about a slot that is not there: only a promise is broken by that.
function findingsWithoutSlot(answers: AnswersByPatient): Finding[] {
  return [...answers.values()].flatMap((answer) =>
    contradictions(answer, []).map((found) => ({ slotId: answer.slotId, ...found })),
  );
}

function contradictions(answer: ClientAnswer, own: Booking[]): Omit<Finding, 'slotId'>[] {
  const { patientId } = answer;
  if (own.length > 1)
    return [{ rule: 'DOUBLE_EFFECT', detail: `${patientId} asked once, has ${own.length}` }];
  const booking = own[0];
  switch (answer.kind) {
    case 'UNKNOWN':
      return [];
    case 'REFUSED':
      if (!booking) return [];
      return [{ rule: 'REFUSED_YET_BOOKED', detail: `${patientId}, told ${answer.code}` }];
    case 'BOOKED':
      return brokenPromise(answer, booking);
  }
}

function brokenPromise(
  { bookingId, tokenNumber }: ClientAnswer & { kind: 'BOOKED' },
  booking: Booking | undefined,
): Omit<Finding, 'slotId'>[] {
  if (booking?.bookingId !== bookingId)
    return [{ rule: 'PROMISED_BOOKING_MISSING', detail: `${bookingId} is not there` }];
  if (booking.tokenNumber === tokenNumber) return [];
  const detail = `${bookingId} was told token ${tokenNumber}, has ${booking.tokenNumber}`;
  return [{ rule: 'PROMISED_TOKEN_DIFFERS', detail }];
}
