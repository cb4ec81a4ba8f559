import { isUndecided, type Operation } from '../history';
import type { Chronicle, Violation } from '../world/world';
import { claimObject, type ClaimOperation } from './claim-rules';
import { linearize } from './linearize';
import { isActive, slotsOf, type StoredBooking, type StoredSlot } from './states';

interface Placed {
  readonly slot: StoredSlot;
  readonly booking: StoredBooking;
}

/** Answers about a patient's one active booking with a doctor on a day, and about idempotency keys. */
export function claimViolations(chronicle: Chronicle, settled: readonly Operation[]): Violation[] {
  const slots = slotsOf(chronicle.committed.at(-1) ?? {});
  const placed = slots.flatMap((slot) => slot.bookings.map((booking) => ({ slot, booking })));
  return [...patientViolations(placed, settled), ...keyViolations(placed, settled)];
}

function patientViolations(placed: readonly Placed[], settled: readonly Operation[]): Violation[] {
  const patients = new Map(
    placed.map(({ booking }) => [booking.bookingId, booking.patientId] as const),
  );
  const claims = new Claims();
  for (const operation of settled) {
    const { call } = operation;
    if (call.kind === 'CHANGE' || isUndecided(operation.reply)) continue;
    const patientId = call.kind === 'BOOK' ? call.patientId : patients.get(call.bookingId);
    // `dr-rao_2026-11-24_0900` is a slot of the day `dr-rao_2026-11-24`.
    const name = `${call.slotId.slice(0, -5)} ${patientId}`;
    claims.add(name, patientClaim(operation, placed));
  }
  const active = placed.filter(({ booking }) => isActive(booking));
  return claims.violations('CLAIM', (name) =>
    active.find(({ slot, booking }) => `${slot.doctorDay} ${booking.patientId}` === name),
  );
}

function keyViolations(placed: readonly Placed[], settled: readonly Operation[]): Violation[] {
  const keys = new Claims();
  for (const operation of settled) {
    const { call, reply } = operation;
    if (call.kind !== 'BOOK' || call.key === undefined || isUndecided(reply)) continue;
    keys.add(call.key, keyUse(operation, placed));
  }
  const keyed = placed.filter(({ booking }) => booking.idempotencyKey !== undefined);
  return keys.violations('KEY', (name) =>
    keyed.find(({ booking }) => `key-${booking.bookedBy.userId}` === name),
  );
}

class Claims {
  readonly #operations = new Map<string, ClaimOperation[]>();

  add(name: string, operation: ClaimOperation | undefined): void {
    if (!operation) return;
    const others = this.#operations.get(name);
    if (others) others.push(operation);
    else this.#operations.set(name, [operation]);
  }

  violations(what: string, endOf: (name: string) => Placed | undefined): Violation[] {
    return [...this.#operations].flatMap(([name, operations]) => {
      const verdict = linearize(operations, claimObject(endOf(name)?.booking.bookingId));
      return verdict === 'LINEARIZABLE' ? [] : [{ rule: `${what}_${verdict}`, detail: name }];
    });
  }
}

const GIVES_BACK = ['CANCELLED', 'NOSHOW', 'COMPLETED'];

/** What an operation says of its patient's claim on the doctor's day. */
function patientClaim(operation: Operation, placed: readonly Placed[]): ClaimOperation | undefined {
  const { call, reply, from, to } = operation;
  if (reply.outcome === 'REFUSED') return claimOfRefusal(operation);
  switch (call.kind) {
    case 'BOOK': {
      if (reply.outcome === 'DONE' && reply.isReplay) return undefined;
      const made = madeBy(operation, placed);
      return made && { from, to, says: 'TAKES', bookingId: made.booking.bookingId };
    }
    case 'REINSTATE':
      return { from, to, says: 'TAKES_OR_HAS', bookingId: call.bookingId };
    case 'STEP':
      return GIVES_BACK.includes(call.to)
        ? { from, to, says: 'GIVES_BACK', bookingId: call.bookingId }
        : undefined;
    case 'CHANGE':
      return undefined;
  }
}

function claimOfRefusal({ reply, from, to }: Operation): ClaimOperation | undefined {
  if (reply.outcome !== 'REFUSED') return undefined;
  if (reply.code === 'ALREADY_BOOKED')
    return { from, to, says: 'IS_TAKEN', bookingId: String(reply.facts['bookingId']) };
  // Full is said only to those who have no booking with the doctor on that day.
  return reply.code === 'SLOT_FULL' ? { from, to, says: 'IS_FREE' } : undefined;
}

/** What an operation says of the key it carried: who has used it. */
function keyUse(operation: Operation, placed: readonly Placed[]): ClaimOperation | undefined {
  const { reply, from, to } = operation;
  if (reply.outcome === 'DONE' && reply.isReplay)
    return { from, to, says: 'IS_TAKEN', bookingId: reply.booking?.bookingId };
  if (reply.outcome === 'REFUSED')
    return { from, to, says: reply.code === 'IDEMPOTENCY_KEY_REUSED' ? 'IS_TAKEN' : 'IS_FREE' };
  const made = madeBy(operation, placed);
  return made && { from, to, says: 'TAKES', bookingId: made.booking.bookingId };
}

/** The booking that an operation made, or may have made: in this slot, by this person, for this wish. */
function madeBy({ call, reply }: Operation, placed: readonly Placed[]): Placed | undefined {
  if (call.kind !== 'BOOK') return undefined;
  return placed.find(({ slot, booking }) =>
    reply.outcome === 'DONE'
      ? booking.bookingId === reply.booking?.bookingId
      : booking.bookedBy.userId === call.userId &&
        slot._id === call.slotId &&
        booking.type === call.type,
  );
}
