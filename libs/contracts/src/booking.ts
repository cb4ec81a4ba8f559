import { BOOKING_STATUSES, BOOKING_TYPES, TIERS } from '@opd/capacity-core';
import { z } from 'zod';
import { Instant, LocalDate, LocalTime, OpaqueId, page, PersonName, Phone, SlotId } from './fields';

/** A booking as its patient and the desk see it. */
export const Booking = z
  .object({
    bookingId: z.string(),
    slotId: z.string(),
    doctorId: z.string(),
    date: LocalDate,
    start: LocalTime,
    end: LocalTime,
    startsAt: Instant,
    isDelayed: z.boolean(),
    delayMinutes: z.int(),
    patientId: z.string(),
    patientName: z.string(),
    type: z.enum(BOOKING_TYPES),
    tier: z.enum(TIERS),
    status: z.enum(BOOKING_STATUSES),
    tokenNumber: z.int(),
    bookedAt: Instant,
    checkedInAt: Instant.optional(),
    startedAt: Instant.optional(),
    completedAt: Instant.optional(),
    cancelledAt: Instant.optional(),
    cancelReason: z.string().optional(),
    noShowAt: Instant.optional(),
  })
  .meta({ id: 'Booking' });
export type Booking = z.infer<typeof Booking>;

/** One page of bookings: a slot's register, or a patient's own. */
export const BookingPage = page(Booking).meta({ id: 'BookingPage' });

/** The types that a patient may book for himself. */
export const PATIENT_BOOKING_TYPES = ['ONLINE', 'PAID', 'FOLLOWUP'] as const;

/** A patient books for himself; who he is, says his token. */
export const OwnBookingRequest = z
  .strictObject({ slotId: SlotId, type: z.enum(BOOKING_TYPES) })
  .meta({ id: 'OwnBookingRequest' });
export type OwnBookingRequest = z.infer<typeof OwnBookingRequest>;

/** The desk books for a patient it names: by id, or by name and phone. */
export const DeskBookingRequest = z
  .strictObject({
    slotId: SlotId,
    type: z.enum(BOOKING_TYPES),
    patientId: OpaqueId.optional(),
    patient: z.strictObject({ name: PersonName, phone: Phone }).optional(),
  })
  .refine((body) => (body.patient === undefined) !== (body.patientId === undefined), {
    path: ['patient'],
    message: 'must name the patient once: either patient { name, phone } or patientId',
  })
  .meta({ id: 'DeskBookingRequest' });
export type DeskBookingRequest = z.infer<typeof DeskBookingRequest>;

/** Why a booking is cancelled, in at most 200 characters; may be left out. */
export const CancelRequest = z
  .strictObject({
    reason: z.string().trim().max(200, 'must have at most 200 characters').optional(),
  })
  .meta({ id: 'CancelRequest' });
export type CancelRequest = z.infer<typeof CancelRequest>;

/** The body of a step that needs none: nothing, or `{}`. */
export const EmptyRequest = z.strictObject({}).meta({ id: 'EmptyRequest' });

/** The header that makes a booking safe to repeat: 1 to 255 visible ASCII characters. */
export const IdempotencyKey = z
  .string()
  .regex(/^[\x21-\x7e]{1,255}$/, 'must be 1 to 255 visible ASCII characters');
