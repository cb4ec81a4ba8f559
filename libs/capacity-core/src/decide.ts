import { effectiveLimit, limitOf, openTiers, type Capacity } from './capacity';
import { tierOf, type BookingType, type SlotStatus, type Tier } from './types';

/** What a decision needs to know of a slot. Instants are milliseconds since the epoch (UTC). */
export interface SlotState {
  readonly status: SlotStatus;
  readonly startsAtMs: number;
  readonly endsAtMs: number;
  readonly capacity: Capacity;
  readonly isDelayed: boolean;
  /** Bookings that hold a seat now. */
  readonly bookedCount: number;
  /** The highest token number ever given in this slot, 0 before the first. */
  readonly lastTokenNumber: number;
  /** All bookings the slot remembers, cancelled and missed ones included. */
  readonly bookingsInSlot: number;
}

/** A booking the patient has already with this doctor on this day. */
export interface ActiveBooking {
  readonly bookingId: string;
  readonly slotId: string;
  readonly tokenNumber: number;
}

/** One patient's wish for a seat, with what is known of the patient at `atMs`. */
export interface SeatRequest {
  readonly type: BookingType;
  readonly atMs: number;
  /** The patient's active booking with this doctor on this day, if there is one. */
  readonly activeBooking?: ActiveBooking | undefined;
  /** The patient's active bookings whose slot has not ended, over all doctors. */
  readonly activeBookings: number;
  /** Bookings of this patient that the slot remembers, in whatever status. */
  readonly patientBookingsInSlot: number;
  /** Set when a missed visit is taken back: the token it keeps. No new booking is written then. */
  readonly keepsTokenNumber?: number | undefined;
}

/** Bounds that are settings of the clinic or of the data, not of the slot. */
export interface BookingBounds {
  /** Active bookings one patient may have at a time; 0 switches the bound off. */
  readonly activeBookingsPerPatient: number;
  /** Bookings of one patient that one slot remembers, cancelled ones included. */
  readonly bookingsOfPatientInSlot: number;
  /** Bookings that one slot remembers in all, so that its document stays small. */
  readonly bookingsInSlot: number;
}

/** A seat given: what is written, and the slot as the next request in line meets it. */
export interface Admission {
  readonly tier: Tier;
  readonly tokenNumber: number;
  readonly slotAfter: SlotState;
}

/** Why no seat was given. The first reason that applies, in the order of {@link decide}. */
export type SeatRefusal =
  | { readonly code: 'SLOT_CLOSED' }
  | { readonly code: 'SLOT_ENDED'; readonly bookingType: BookingType; readonly endedAtMs: number }
  | ({ readonly code: 'ALREADY_BOOKED' } & ActiveBooking)
  | { readonly code: 'TOO_MANY_ACTIVE_BOOKINGS'; readonly limit: number }
  | { readonly code: 'TOO_MANY_BOOKINGS_IN_SLOT'; readonly limit: number }
  | { readonly code: 'SLOT_RECORD_FULL'; readonly limit: number }
  | SlotFull;

/** The refusal that explains itself: who counts how many against which limit, and who may still come. */
export interface SlotFull {
  readonly code: 'SLOT_FULL';
  readonly bookingType: BookingType;
  readonly tier: Tier;
  readonly bookedCount: number;
  /** The limit that holds now for this tier. */
  readonly limit: number;
  /** The same limit if the doctor were not late. */
  readonly undelayedLimit: number;
  readonly isDelayed: boolean;
  /** Tiers that would still be admitted. */
  readonly openTiers: readonly Tier[];
}

/** The answer to one {@link SeatRequest}. */
export type Decision =
  | { readonly admitted: true; readonly admission: Admission }
  | { readonly admitted: false; readonly refusal: SeatRefusal };

/**
 * THE rule of the house: gives a seat iff `bookedCount < effective limit of the request's tier`
 * and nothing before it speaks against it. Checks in this order, and the first that applies is the
 * answer: closed, ended, already booked, caps, full.
 *
 * Pure: the caller passes the time and what it read, applies `slotAfter` for the next request of
 * the same round, and writes under a guard that fails if anything here has changed meanwhile.
 */
export function decide(slot: SlotState, request: SeatRequest, bounds: BookingBounds): Decision {
  if (slot.status === 'CLOSED') return refuse({ code: 'SLOT_CLOSED' });

  const endedAtMs = askingEndsAtMs(slot, request);
  if (request.atMs >= endedAtMs)
    return refuse({ code: 'SLOT_ENDED', bookingType: request.type, endedAtMs });

  if (request.activeBooking) return refuse({ code: 'ALREADY_BOOKED', ...request.activeBooking });

  const overBound = boundReached(slot, request, bounds);
  if (overBound) return refuse(overBound);

  const tier = tierOf(request.type);
  if (slot.bookedCount >= effectiveLimit(slot.capacity, tier, slot.isDelayed))
    return refuse(slotFull(slot, request.type));

  return { admitted: true, admission: admit(slot, request, tier) };
}

/** ONLINE closes at the slot's start, every other type at its end; a delay moves neither (seed rule 7). */
export function bookingEndsAtMs(
  slot: Pick<SlotState, 'startsAtMs' | 'endsAtMs'>,
  type: BookingType,
): number {
  return type === 'ONLINE' ? slot.startsAtMs : slot.endsAtMs;
}

/** The desk takes a missed visit back for a patient who stands before it, so until the slot's end. */
function askingEndsAtMs(slot: SlotState, { type, keepsTokenNumber }: SeatRequest): number {
  return keepsTokenNumber === undefined ? bookingEndsAtMs(slot, type) : slot.endsAtMs;
}

function boundReached(
  slot: SlotState,
  request: SeatRequest,
  bounds: BookingBounds,
): SeatRefusal | undefined {
  const perPatient = bounds.activeBookingsPerPatient;
  if (perPatient > 0 && request.activeBookings >= perPatient)
    return { code: 'TOO_MANY_ACTIVE_BOOKINGS', limit: perPatient };

  // A missed visit taken back adds no booking, so it cannot make the document larger.
  if (request.keepsTokenNumber !== undefined) return undefined;

  if (request.patientBookingsInSlot >= bounds.bookingsOfPatientInSlot)
    return { code: 'TOO_MANY_BOOKINGS_IN_SLOT', limit: bounds.bookingsOfPatientInSlot };
  if (slot.bookingsInSlot >= bounds.bookingsInSlot)
    return { code: 'SLOT_RECORD_FULL', limit: bounds.bookingsInSlot };
  return undefined;
}

function slotFull(slot: SlotState, bookingType: BookingType): SlotFull {
  const tier = tierOf(bookingType);
  return {
    code: 'SLOT_FULL',
    bookingType,
    tier,
    bookedCount: slot.bookedCount,
    limit: effectiveLimit(slot.capacity, tier, slot.isDelayed),
    undelayedLimit: limitOf(slot.capacity, tier),
    isDelayed: slot.isDelayed,
    openTiers: openTiers(slot.capacity, slot.isDelayed, slot.bookedCount),
  };
}

function admit(slot: SlotState, request: SeatRequest, tier: Tier): Admission {
  const bookedCount = slot.bookedCount + 1;
  if (request.keepsTokenNumber !== undefined)
    return {
      tier,
      tokenNumber: request.keepsTokenNumber,
      slotAfter: { ...slot, bookedCount },
    };

  const tokenNumber = slot.lastTokenNumber + 1;
  return {
    tier,
    tokenNumber,
    slotAfter: {
      ...slot,
      bookedCount,
      lastTokenNumber: tokenNumber,
      bookingsInSlot: slot.bookingsInSlot + 1,
    },
  };
}

function refuse(refusal: SeatRefusal): Decision {
  return { admitted: false, refusal };
}
