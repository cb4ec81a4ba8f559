import type {
  BookingStatus,
  BookingType,
  Capacity,
  SlotState,
  SlotStatus,
  Tier,
} from '@opd/capacity-core';
import type { Role } from '@opd/contracts';

/** Name of the collection that holds the slots, and with them the whole life of every seat. */
export const SLOTS = 'slots';

/** Who made a booking. */
export interface BookedBy {
  readonly userId: string;
  readonly role: Role;
}

/** One booking, as it lies in the `bookings` array of its slot. */
export interface BookingRecord {
  bookingId: string;
  patientId: string;
  type: BookingType;
  tier: Tier;
  status: BookingStatus;
  tokenNumber: number;
  bookedAt: Date;
  bookedBy: BookedBy;
  /** Keyed hash of the asker and the Idempotency-Key, where one was sent. */
  idempotencyKey?: string;
  checkedInAt?: Date;
  startedAt?: Date;
  completedAt?: Date;
  cancelledAt?: Date;
  cancelReason?: string;
  noShowAt?: Date;
  reinstatedAt?: Date;
  /** The request that took the missed visit back: how a lost answer is found again. */
  reinstateId?: string;
}

/** What a slot is, without its bookings. */
export interface SlotHead {
  _id: string;
  doctorId: string;
  /** Clinic-local calendar day, `YYYY-MM-DD`. */
  date: string;
  /** Clinic-local times of day, `HH:mm`. */
  start: string;
  end: string;
  startsAt: Date;
  endsAt: Date;
  /** `doctorId_date`: the scope of a patient's claim, and the shard key. */
  doctorDay: string;
  status: SlotStatus;
  capacity: Capacity;
  isDelayed: boolean;
  delayMinutes: number;
  /** Bookings that hold a seat. Changes by `$inc` only. */
  bookedCount: number;
  /** The highest token number given. Changes by `$inc` only. */
  lastTokenNumber: number;
  /** Raised by exactly the writes that can make an admission wrong; each repeats the one it read. */
  version: number;
}

/** The slot document. Every write to it is one single-document update, so a seat's life is atomic. */
export interface SlotDocument extends SlotHead {
  /** Patients of the bookings that are BOOKED, CHECKED_IN or IN_CONSULTATION. */
  activePatients: string[];
  idempotencyKeys: string[];
  bookings: BookingRecord[];
}

/** A slot and one of its bookings. */
export interface BookingInSlot {
  readonly slot: SlotHead;
  readonly booking: BookingRecord;
}

/** Bookings that one slot remembers in all, so that its document stays small. */
export const MAX_BOOKINGS_IN_SLOT = 200;

/** Bookings of one patient that one slot remembers, cancelled ones included. */
export const MAX_BOOKINGS_OF_PATIENT_IN_SLOT = 3;

/** The id of the slot of `doctorId` that starts at `start` on `date`: `dr-rao_2026-11-24_0900`. */
export function slotIdOf(doctorId: string, date: string, start: string): string {
  return `${doctorDayOf(doctorId, date)}_${start.replace(':', '')}`;
}

/** The day of a doctor: `dr-rao_2026-11-24`. */
export function doctorDayOf(doctorId: string, date: string): string {
  return `${doctorId}_${date}`;
}

/** The slot as the core decides on it. `bookingsInSlot` counts every booking it remembers. */
export function slotStateOf(slot: SlotHead, bookingsInSlot: number): SlotState {
  return {
    status: slot.status,
    startsAtMs: slot.startsAt.getTime(),
    endsAtMs: slot.endsAt.getTime(),
    capacity: slot.capacity,
    isDelayed: slot.isDelayed,
    bookedCount: slot.bookedCount,
    lastTokenNumber: slot.lastTokenNumber,
    bookingsInSlot,
  };
}
