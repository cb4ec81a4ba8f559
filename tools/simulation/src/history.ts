import type { BookingStatus, BookingType, Capacity, SlotStatus } from '@opd/capacity-core';
import type { Booking, Slot } from '@opd/contracts';

/** What a client asked for. */
export type Call =
  | {
      readonly kind: 'BOOK';
      readonly slotId: string;
      readonly type: BookingType;
      readonly patientId: string;
      /** One person for all tries of one wish: whose booking it is can be told from it. */
      readonly userId: string;
      readonly key?: string | undefined;
    }
  | { readonly kind: 'REINSTATE'; readonly slotId: string; readonly bookingId: string }
  | {
      readonly kind: 'STEP';
      readonly slotId: string;
      readonly bookingId: string;
      readonly to: Exclude<BookingStatus, 'BOOKED'>;
    }
  | {
      readonly kind: 'CHANGE';
      readonly slotId: string;
      readonly status?: SlotStatus | undefined;
      readonly capacity?: Capacity | undefined;
      readonly delay?: { readonly isDelayed: boolean; readonly delayMinutes: number } | undefined;
    };

/** What the client got. UNKNOWN: no answer, or one that leaves the outcome open. */
export type Reply =
  | {
      readonly outcome: 'DONE';
      readonly booking?: Booking | undefined;
      readonly slot?: Slot | undefined;
      readonly isReplay?: boolean | undefined;
    }
  | {
      readonly outcome: 'REFUSED';
      readonly code: string;
      readonly facts: Readonly<Record<string, unknown>>;
    }
  | { readonly outcome: 'UNKNOWN'; readonly why: string };

/** One request and its answer. `from` and `to` are in events of the scheduler: the order of things. */
export interface Operation {
  readonly id: number;
  readonly call: Call;
  readonly process: string;
  /** Asked in calm, after all faults have healed. */
  readonly isProbe: boolean;
  readonly from: number;
  readonly fromMs: number;
  to: number;
  toMs: number;
  reply: Reply;
  /** The latest that the process's wall clock showed meanwhile. */
  latestWallMs: number;
}

/** A refusal that says nothing about the slot: nothing was decided, and nothing has changed. */
export const UNDECIDED_CODES = ['SLOT_BUSY', 'LOCK_UNAVAILABLE', 'STORE_UNAVAILABLE'] as const;

/** True where the answer leaves everything as it was, whatever the rules say. */
export function isUndecided(reply: Reply): boolean {
  return reply.outcome === 'REFUSED' && (UNDECIDED_CODES as readonly string[]).includes(reply.code);
}

/** One line of a history, for a person who replays it. */
export function lineOf({ id, call, process, fromMs, toMs, reply }: Operation): string {
  const { kind, slotId, ...what } = call;
  const answer =
    reply.outcome === 'DONE'
      ? `DONE ${reply.isReplay ? 'replayed ' : ''}${reply.booking ? `${reply.booking.bookingId} token ${reply.booking.tokenNumber} ${reply.booking.status}` : ''}`
      : reply.outcome === 'REFUSED'
        ? `${reply.code} ${JSON.stringify(reply.facts)}`
        : `UNKNOWN (${reply.why})`;
  const until = Number.isFinite(toMs) ? toMs.toFixed(1) : 'end';
  return `#${id} ${process} ${fromMs.toFixed(1)}-${until} ms ${kind} ${slotId} ${JSON.stringify(what)} -> ${answer}`;
}
