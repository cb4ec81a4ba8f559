import type { Slot } from '@opd/contracts';
import type { Call, Operation, Reply } from '../history';
import type { Interval, Sequential } from './linearize';

// Written from the rules of the clinic alone. Nothing here calls the engine or its core: two
// mistakes of one kind would else agree with each other.

const TIER: Record<string, 'STANDARD' | 'PREMIUM' | 'CRITICAL'> = {
  ONLINE: 'STANDARD',
  WALKIN: 'STANDARD',
  PAID: 'PREMIUM',
  FOLLOWUP: 'PREMIUM',
  EMERGENCY: 'CRITICAL',
};
const HOLDS_A_SEAT = ['BOOKED', 'CHECKED_IN', 'IN_CONSULTATION', 'COMPLETED'];
const TO_BE_SERVED = ['BOOKED', 'CHECKED_IN', 'IN_CONSULTATION'];
const STEPS_FROM: Record<string, readonly string[]> = {
  BOOKED: ['CHECKED_IN', 'CANCELLED', 'NOSHOW'],
  CHECKED_IN: ['IN_CONSULTATION', 'CANCELLED', 'NOSHOW'],
  IN_CONSULTATION: ['COMPLETED'],
  NOSHOW: ['BOOKED'],
};
const BOOKINGS_OF_PATIENT = 3;

/** One booking, as far as the rules of a slot look at it. */
export interface SeatState {
  readonly bookingId: string;
  readonly patientId: string;
  readonly type: string;
  readonly token: number;
  readonly status: string;
}

interface Capacity {
  readonly base: number;
  readonly premiumBuffer: number;
  readonly emergencyBuffer: number;
}

/** One slot, as far as its rules look at it. */
export interface SlotState extends Capacity {
  readonly isOpen: boolean;
  readonly isDelayed: boolean;
  readonly delayMinutes: number;
  readonly seats: readonly SeatState[];
}

/** An operation on a slot; `made` is the booking that it made, or may have made. */
export interface SlotOperation extends Interval {
  readonly operation: Operation;
  readonly made?: SeatState | undefined;
}

/** The slot as one thing that does one operation after the other. */
export function slotObject(start: SlotState, end: SlotState): Sequential<SlotState, SlotOperation> {
  const endKey = keyOf(end);
  return { start, next: nextOf, keyOf, isEnd: (state) => keyOf(state) === endKey };
}

function keyOf(state: SlotState): string {
  const { isOpen, base, premiumBuffer, emergencyBuffer, isDelayed, delayMinutes, seats } = state;
  const head = `${isOpen} ${base} ${premiumBuffer} ${emergencyBuffer} ${isDelayed} ${delayMinutes}`;
  return `${head} ${seats.map(({ bookingId, status }) => `${bookingId}${status}`).join(' ')}`;
}

function seatsHeld({ seats }: SlotState): number {
  return seats.filter(({ status }) => HOLDS_A_SEAT.includes(status)).length;
}

/** Seed rule: 10, 12 with paid and follow-up, 15 with emergencies; 80 % for all others while delayed. */
export function limitNow(slot: SlotState, type: string): number {
  const tier = TIER[type];
  const withPremium = slot.base + slot.premiumBuffer;
  if (tier === 'CRITICAL') return withPremium + slot.emergencyBuffer;
  const limit = tier === 'PREMIUM' ? withPremium : slot.base;
  return slot.isDelayed ? Math.floor((limit * 4) / 5) : limit;
}

function nextOf(slot: SlotState, op: SlotOperation): SlotState | undefined {
  const { call, reply } = op.operation;
  // A refusal changes nothing; the slot as it is must be what it says.
  if (reply.outcome === 'REFUSED') return isRightRefusal(slot, call, reply) ? slot : undefined;
  switch (call.kind) {
    case 'BOOK':
      return reply.outcome === 'DONE' && reply.isReplay
        ? unlessMissing(slot, reply.booking?.bookingId)
        : afterBooking(slot, call, op.made);
    case 'REINSTATE':
      return afterReinstatement(slot, call.bookingId);
    case 'STEP':
      return afterStep(slot, call.bookingId, call.to);
    case 'CHANGE':
      return afterChange(slot, call, reply);
  }
}

function unlessMissing(slot: SlotState, bookingId: string | undefined): SlotState | undefined {
  return slot.seats.some((seat) => seat.bookingId === bookingId) ? slot : undefined;
}

function afterBooking(
  slot: SlotState,
  { type, patientId }: Extract<Call, { kind: 'BOOK' }>,
  made: SeatState | undefined,
): SlotState | undefined {
  if (!made || !slot.isOpen || seatsHeld(slot) >= limitNow(slot, type)) return undefined;
  const own = slot.seats.filter((seat) => seat.patientId === patientId);
  const isRefused =
    made.token !== slot.seats.length + 1 ||
    own.length >= BOOKINGS_OF_PATIENT ||
    own.some(({ status }) => TO_BE_SERVED.includes(status));
  return isRefused ? undefined : { ...slot, seats: [...slot.seats, { ...made, status: 'BOOKED' }] };
}

function afterReinstatement(slot: SlotState, bookingId: string): SlotState | undefined {
  const seat = slot.seats.find((each) => each.bookingId === bookingId);
  if (seat?.status === 'BOOKED') return slot;
  if (seat?.status !== 'NOSHOW' || !slot.isOpen) return undefined;
  if (seatsHeld(slot) >= limitNow(slot, seat.type)) return undefined;
  const isServed = slot.seats.some(
    ({ patientId, status }) => patientId === seat.patientId && TO_BE_SERVED.includes(status),
  );
  return isServed ? undefined : withStatus(slot, bookingId, 'BOOKED');
}

function afterStep(slot: SlotState, bookingId: string, to: string): SlotState | undefined {
  const status = slot.seats.find((each) => each.bookingId === bookingId)?.status;
  if (status === to) return slot;
  if (status === undefined || !STEPS_FROM[status]?.includes(to)) return undefined;
  return withStatus(slot, bookingId, to);
}

function withStatus(slot: SlotState, bookingId: string, status: string): SlotState {
  const seats = slot.seats.map((seat) =>
    seat.bookingId === bookingId ? { ...seat, status } : seat,
  );
  return { ...slot, seats };
}

function afterChange(
  slot: SlotState,
  { status, capacity, delay }: Extract<Call, { kind: 'CHANGE' }>,
  reply: Reply,
): SlotState | undefined {
  const next = { ...slot, ...(status && { isOpen: status === 'OPEN' }), ...capacity, ...delay };
  if (seatsHeld(slot) > totalOf(next)) return undefined;
  const shown = reply.outcome === 'DONE' ? reply.slot : undefined;
  return !shown || isShown(shown, { status, capacity, delay }) ? next : undefined;
}

/** The answer shows what was asked for; others may have changed the rest before it was read. */
function isShown(
  shown: Slot,
  {
    status,
    capacity,
    delay,
  }: Pick<Extract<Call, { kind: 'CHANGE' }>, 'status' | 'capacity' | 'delay'>,
): boolean {
  return (
    shown.status === (status ?? shown.status) &&
    shown.isDelayed === (delay?.isDelayed ?? shown.isDelayed) &&
    totalOf(shown.capacity) === totalOf({ ...shown.capacity, ...capacity })
  );
}

function totalOf({ base, premiumBuffer, emergencyBuffer }: Capacity): number {
  return base + premiumBuffer + emergencyBuffer;
}

type Refused = Extract<Reply, { outcome: 'REFUSED' }>;
type RefusalRule = (slot: SlotState, call: Call, facts: Refused['facts']) => boolean;

const isOpen = ({ isOpen }: SlotState) => isOpen;

/** By code: whether the slot as it is would have refused this. A code that is not here is never right. */
const REFUSALS: Readonly<Record<string, RefusalRule>> = {
  SLOT_CLOSED: (slot) => !slot.isOpen,
  SLOT_FULL: (slot, call, { limit, undelayedLimit }) => {
    const type = call.kind === 'BOOK' ? call.type : (seatOf(slot, call)?.type ?? '');
    return (
      slot.isOpen &&
      seatsHeld(slot) >= limitNow(slot, type) &&
      limit === limitNow(slot, type) &&
      undelayedLimit === limitNow({ ...slot, isDelayed: false }, type)
    );
  },
  TOO_MANY_BOOKINGS_IN_SLOT: (slot, call) => {
    const patientId = call.kind === 'BOOK' ? call.patientId : '';
    const own = slot.seats.filter((each) => each.patientId === patientId);
    return slot.isOpen && own.length >= BOOKINGS_OF_PATIENT;
  },
  INVALID_TRANSITION: (slot, call, { from, to }) => {
    const status = seatOf(slot, call)?.status;
    return status !== undefined && status === from && !STEPS_FROM[status]?.includes(String(to));
  },
  NOT_FOUND: (slot, call) => call.kind !== 'BOOK' && seatOf(slot, call) === undefined,
  CAPACITY_IN_USE: (slot, call) =>
    call.kind === 'CHANGE' && seatsHeld(slot) > totalOf({ ...slot, ...call.capacity }),
  // These rest on other slots, on the clock or on the key: other checks look at them.
  ALREADY_BOOKED: isOpen,
  TOO_MANY_ACTIVE_BOOKINGS: isOpen,
  SLOT_ENDED: isOpen,
  IDEMPOTENCY_KEY_REUSED: () => true,
};

function isRightRefusal(slot: SlotState, call: Call, { code, facts }: Refused): boolean {
  return REFUSALS[code]?.(slot, call, facts) ?? false;
}

function seatOf({ seats }: SlotState, call: Call): SeatState | undefined {
  return 'bookingId' in call ? seats.find((seat) => seat.bookingId === call.bookingId) : undefined;
}
