import { effectiveLimits, remainingSeats, TIERS, type PerTier } from '@opd/capacity-core';
import type { Booking, Slot } from '@opd/contracts';
import type { BookingInSlot, SlotHead } from './store/slot-document';

const NO_SEATS = Object.fromEntries(TIERS.map((tier) => [tier, 0])) as PerTier;

/** A slot as anybody may see it at `nowMs`. A closed or ended one has no seat left for anybody. */
export function slotView(slot: SlotHead, nowMs: number): Slot {
  const { capacity, isDelayed, bookedCount } = slot;
  const takesNobody = slot.status === 'CLOSED' || nowMs >= slot.endsAt.getTime();
  return {
    slotId: slot._id,
    doctorId: slot.doctorId,
    date: slot.date,
    start: slot.start,
    end: slot.end,
    startsAt: slot.startsAt.toISOString(),
    endsAt: slot.endsAt.toISOString(),
    status: slot.status,
    capacity,
    isDelayed,
    delayMinutes: slot.delayMinutes,
    bookedCount,
    limits: effectiveLimits(capacity, isDelayed),
    remaining: takesNobody ? NO_SEATS : remainingSeats(capacity, isDelayed, bookedCount),
  };
}

/** A booking as its patient and the desk see it. */
export function bookingView({ slot, booking }: BookingInSlot, patientName: string): Booking {
  return {
    bookingId: booking.bookingId,
    slotId: slot._id,
    doctorId: slot.doctorId,
    date: slot.date,
    start: slot.start,
    end: slot.end,
    startsAt: slot.startsAt.toISOString(),
    isDelayed: slot.isDelayed,
    delayMinutes: slot.delayMinutes,
    patientId: booking.patientId,
    patientName,
    type: booking.type,
    tier: booking.tier,
    status: booking.status,
    tokenNumber: booking.tokenNumber,
    bookedAt: booking.bookedAt.toISOString(),
    checkedInAt: booking.checkedInAt?.toISOString(),
    startedAt: booking.startedAt?.toISOString(),
    completedAt: booking.completedAt?.toISOString(),
    cancelledAt: booking.cancelledAt?.toISOString(),
    cancelReason: booking.cancelReason,
    noShowAt: booking.noShowAt?.toISOString(),
  };
}
