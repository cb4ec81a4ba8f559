import { isUndecided, type Operation } from '../history';
import type { Chronicle, Violation } from '../world/world';
import { claimViolations } from './claims';
import { promiseViolations } from './promises';
import { slotObject, type SlotOperation } from './slot-rules';
import { linearize } from './linearize';
import { StateAudit, seatOf, slotStateOf, slotsOf, type StoredSlot } from './states';

/** Everything that is wrong with what a world left behind; an empty list if every promise was kept. */
export function violationsOf(chronicle: Chronicle): Violation[] {
  const found: Violation[] = [...chronicle.seen];
  const report = (violation: Violation) => found.push(violation);
  const audit = new StateAudit(report);
  for (const snapshot of chronicle.local) audit.state(snapshot);
  chronicle.committed.forEach((snapshot, index) => {
    audit.state(snapshot);
    const before = chronicle.committed[index - 1];
    if (before) audit.step(before, snapshot);
  });
  const settled = widened(chronicle);
  found.push(...promiseViolations(chronicle));
  found.push(...slotViolations(chronicle, settled));
  found.push(...claimViolations(chronicle, settled));
  return found;
}

/**
 * A member that was cut off, and one that has just been elected, may answer reads that are older
 * than the newest acknowledged write. What was answered from such a read is explained by an older
 * state: the operation may have taken its instant from the beginning of that span on. Seats given
 * rest on a guarded write and need no such excuse.
 */
function widened({ history, staleSpans }: Chronicle): Operation[] {
  return history.map((operation) => {
    const { reply, call } = operation;
    if (call.kind === 'BOOK' && reply.outcome === 'DONE' && !reply.isReplay) return operation;
    const met = staleSpans.filter(({ from, to }) => from <= operation.to && to >= operation.from);
    return { ...operation, from: Math.min(operation.from, ...met.map(({ from }) => from)) };
  });
}

function slotViolations(chronicle: Chronicle, settled: readonly Operation[]): Violation[] {
  const start = slotsOf(chronicle.committed[0] ?? {});
  const end = chronicle.committed.at(-1) ?? {};
  return start.flatMap((slot) => {
    const last = end[slot._id] as unknown as StoredSlot;
    const ops = settled.flatMap((operation) => slotOperation(operation, last) ?? []);
    const verdict = linearize(ops, slotObject(slotStateOf(slot), slotStateOf(last)));
    return verdict === 'LINEARIZABLE' ? [] : [{ rule: verdict, detail: slot._id }];
  });
}

/** The operation as the slot's rules see it; undefined if it says and does nothing here. */
function slotOperation(operation: Operation, slot: StoredSlot): SlotOperation | undefined {
  const { call, reply, from, to } = operation;
  if (call.slotId !== slot._id || isUndecided(reply)) return undefined;
  if (call.kind !== 'BOOK') return { from, to, operation };
  const made = slot.bookings.find(({ bookingId, bookedBy, type }) =>
    reply.outcome === 'DONE'
      ? bookingId === reply.booking?.bookingId
      : bookedBy.userId === call.userId && type === call.type,
  );
  // Nothing of it is there, so it had no effect: bookings are never deleted.
  if (reply.outcome === 'UNKNOWN' && !made) return undefined;
  return { from, to, operation, made: made && seatOf(made) };
}
