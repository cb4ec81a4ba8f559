import { Booking } from '@opd/contracts';
import type { ApiReply, ClientAnswer } from '@opd/testing';

/** Who asked for what. */
export interface Asker {
  readonly patientId: string;
  readonly slotId: string;
}

/**
 * What the asker of a booking was told, for the audit of answers: a seat, a refusal, or nothing that
 * settles it.
 * @throws AssertionError for an answer that the contract does not know.
 */
export function answerOf({ patientId, slotId }: Asker, reply: ApiReply): ClientAnswer {
  const { status, code } = reply;
  if (status === 201) {
    const { bookingId, tokenNumber } = reply.read(201, Booking);
    return { kind: 'BOOKED', patientId, slotId, bookingId, tokenNumber };
  }
  if (code === 'OUTCOME_UNKNOWN') return { kind: 'UNKNOWN', patientId, slotId };
  if (code === undefined) throw new Error(`No answer of ours: ${status} ${reply.text}`);
  return { kind: 'REFUSED', patientId, slotId, code };
}

/** How often each answer was given: by status, and by code where there is one. */
export function countAnswers(replies: readonly ApiReply[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { status, code } of replies) {
    const name = code === undefined ? String(status) : `${status} ${code}`;
    counts[name] = (counts[name] ?? 0) + 1;
  }
  return counts;
}

/** The value below which `percent` of the values lie; 0 if there is none. */
export function percentile(values: readonly number[], percent: number): number {
  const sorted = [...values].sort((one, other) => one - other);
  return sorted[Math.min(sorted.length - 1, Math.floor((sorted.length * percent) / 100))] ?? 0;
}
