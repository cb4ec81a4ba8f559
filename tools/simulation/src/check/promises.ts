import { isUndecided, type Operation } from '../history';
import type { Chronicle, Violation } from '../world/world';
import { isActive, slotsOf, type StoredBooking, type StoredSlot } from './states';

/** Promises that need no order: what was answered against what lies there in the end. */
export function promiseViolations(chronicle: Chronicle): Violation[] {
  const slots = slotsOf(chronicle.committed.at(-1) ?? {});
  const stored = new Map(
    slots.flatMap((slot) =>
      slot.bookings.map((booking) => [booking.bookingId, { slot, booking }] as const),
    ),
  );
  return [
    ...chronicle.history.flatMap((operation) => brokenPromise(operation, stored)),
    ...chronicle.history.flatMap((operation) => wrongInCalm(operation)),
    ...chronicle.history.flatMap((operation) => unexplained(operation, chronicle)),
    ...unaskedBookings(chronicle.history, stored),
  ].map(([rule, detail]) => ({ rule, detail }));
}

type Found = readonly [rule: string, detail: string];
type Stored = ReadonlyMap<string, { slot: StoredSlot; booking: StoredBooking }>;

/** Invariant I3: every 201 is found later, as it was promised. */
function brokenPromise({ id, call, reply }: Operation, stored: Stored): Found[] {
  if (call.kind !== 'BOOK' || reply.outcome !== 'DONE') return [];
  const found = stored.get(reply.booking?.bookingId ?? '');
  if (!found) return [['PROMISED_BOOKING_MISSING', `#${id}`]];
  const { slot, booking } = found;
  const wished = [call.slotId, call.patientId, call.type, call.userId, reply.booking?.tokenNumber];
  const { patientId, type, bookedBy, tokenNumber } = booking;
  const kept = [slot._id, patientId, type, bookedBy.userId, tokenNumber];
  const isKept = kept.every((value, index) => value === wished[index]);
  return isKept ? [] : [['PROMISED_BOOKING_DIFFERS', `#${id}`]];
}

/** Liveness: when everything has healed, everybody is answered by the rules. */
function wrongInCalm({ id, isProbe, reply }: Operation): Found[] {
  const isAnswered = reply.outcome !== 'UNKNOWN' && !isUndecided(reply);
  return !isProbe || isAnswered ? [] : [['NO_ANSWER_IN_CALM', `#${id}`]];
}

/** Invariants I3 and I5: nobody has a booking who was told that he has none, or asked for none. */
function unaskedBookings(history: readonly Operation[], stored: Stored): Found[] {
  const bookers = new Map<string, Operation[]>();
  for (const operation of history) {
    if (operation.call.kind !== 'BOOK') continue;
    const { userId } = operation.call;
    bookers.set(userId, [...(bookers.get(userId) ?? []), operation]);
  }
  const perUser = new Map<string, number>();
  return [...stored.values()].flatMap(({ booking }) => {
    const { userId } = booking.bookedBy;
    const count = (perUser.get(userId) ?? 0) + 1;
    perUser.set(userId, count);
    const tries = bookers.get(userId) ?? [];
    const wishes = tries.flatMap(({ call, reply }) =>
      call.kind === 'BOOK' ? [{ call, reply }] : [],
    );
    const mayHaveMade = wishes.some(
      ({ reply }) =>
        reply.outcome === 'UNKNOWN' ||
        (reply.outcome === 'DONE' && reply.booking?.bookingId === booking.bookingId),
    );
    const keyed = wishes.some(({ call }) => call.key !== undefined);
    const found: Found[] = [];
    if (!mayHaveMade) found.push(['REFUSED_YET_BOOKED', `${userId} ${booking.bookingId}`]);
    if (keyed && count > 1) found.push(['KEY_BOOKED_TWICE', userId]);
    if (!keyed && count > wishes.length) found.push(['UNASKED_BOOKING', booking.bookingId]);
    return found;
  });
}

/** Refusals that rest on the clock, or on bookings over all doctors. */
function unexplained(operation: Operation, chronicle: Chronicle): Found[] {
  const { id, reply } = operation;
  if (reply.outcome !== 'REFUSED') return [];
  if (reply.code === 'SLOT_ENDED') {
    const slot = chronicle.committed[0]?.[operation.call.slotId] as unknown as StoredSlot;
    const hasStarted = operation.latestWallMs >= slot.startsAt.getTime();
    return hasStarted ? [] : [['ENDED_TOO_EARLY', `#${id}`]];
  }
  if (reply.code === 'TOO_MANY_ACTIVE_BOOKINGS')
    return hadTooMany(operation, chronicle) ? [] : [['NOT_TOO_MANY', `#${id}`]];
  return [];
}

/** Did the patient ever have as many as the bound says? */
function hadTooMany({ call }: Operation, chronicle: Chronicle): boolean {
  const { maxActiveBookingsPerPatient: most } = chronicle;
  return chronicle.committed.some((snapshot) => {
    const bookings = slotsOf(snapshot).flatMap((slot) => slot.bookings);
    const patientId =
      call.kind === 'BOOK'
        ? call.patientId
        : bookings.find((each) => 'bookingId' in call && each.bookingId === call.bookingId)
            ?.patientId;
    const own = bookings.filter((each) => each.patientId === patientId && isActive(each));
    return most > 0 && own.length >= most;
  });
}
