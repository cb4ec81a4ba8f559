import { SLOT_STATUSES, TIERS } from '@opd/capacity-core';
import { z } from 'zod';
import { DoctorId, Instant, LocalDate, LocalTime, page } from './fields';

/** Seats of a slot: base 1 to 200, each buffer 0 to 100. Given together, never in part. */
export const CapacityShape = z
  .strictObject({
    base: z.int().min(1, 'must be 1 to 200').max(200, 'must be 1 to 200'),
    premiumBuffer: z.int().min(0, 'must be 0 to 100').max(100, 'must be 0 to 100'),
    emergencyBuffer: z.int().min(0, 'must be 0 to 100').max(100, 'must be 0 to 100'),
  })
  .meta({ id: 'Capacity' });

const PerTierShape = z.object(
  Object.fromEntries(TIERS.map((tier) => [tier, z.int()])) as Record<
    (typeof TIERS)[number],
    z.ZodInt
  >,
);

/**
 * A slot as anybody may see it: no personal data. `limits` are the effective ones; `remaining` is
 * what each tier would still be admitted for, 0 in a closed or ended slot.
 */
export const Slot = z
  .object({
    slotId: z.string(),
    doctorId: z.string(),
    date: LocalDate,
    start: LocalTime,
    end: LocalTime,
    startsAt: Instant,
    endsAt: Instant,
    status: z.enum(SLOT_STATUSES),
    capacity: z.object(CapacityShape.shape),
    isDelayed: z.boolean(),
    delayMinutes: z.int(),
    bookedCount: z.int(),
    limits: PerTierShape,
    remaining: PerTierShape,
  })
  .meta({ id: 'Slot' });
export type Slot = z.infer<typeof Slot>;

/** One page of slots, closed and ended ones included. */
export const SlotPage = page(Slot).meta({ id: 'SlotPage' });

/** Opens one slot. `end` lies after `start`; the date is today or later. */
export const OpenSlotRequest = z
  .strictObject({
    doctorId: DoctorId,
    date: LocalDate,
    start: LocalTime,
    end: LocalTime,
    capacity: CapacityShape.optional(),
  })
  .refine((slot) => slot.end > slot.start, { path: ['end'], message: 'must lie after start' })
  .meta({ id: 'OpenSlotRequest' });
export type OpenSlotRequest = z.infer<typeof OpenSlotRequest>;

/** The days of the week as ISO 8601 numbers them: 1 Monday to 7 Sunday. */
export const Weekday = z.int().min(1, 'must be 1 (Monday) to 7').max(7, 'must be 1 to 7 (Sunday)');

/**
 * Opens what is missing on several days: each range is cut into slots of `slotMinutes` from its
 * start; what is left at its end and is shorter stays closed.
 */
export const OpenRangeRequest = z
  .strictObject({
    doctorId: DoctorId,
    from: LocalDate,
    days: z.int().min(1, 'must be 1 to 31').max(31, 'must be 1 to 31'),
    weekdays: z.array(Weekday).min(1, 'must name at least one weekday').max(7),
    ranges: z
      .array(
        z
          .strictObject({ start: LocalTime, end: LocalTime })
          .refine((range) => range.end > range.start, {
            path: ['end'],
            message: 'must lie after start',
          }),
      )
      .min(1, 'must name at least one range')
      .max(12, 'must name at most 12 ranges'),
    slotMinutes: z.int().min(5, 'must be 5 to 720').max(720, 'must be 5 to 720'),
    capacity: CapacityShape.optional(),
  })
  .meta({ id: 'OpenRangeRequest' });
export type OpenRangeRequest = z.infer<typeof OpenRangeRequest>;

/** How many slots a range opened, and how many of it were there already. */
export const OpenRangeReply = z
  .object({ opened: z.int(), existing: z.int() })
  .meta({ id: 'OpenRangeReply' });
export type OpenRangeReply = z.infer<typeof OpenRangeReply>;

/** Changes a slot. `capacity` replaces all three numbers. */
export const ChangeSlotRequest = z
  .strictObject({
    status: z.enum(SLOT_STATUSES).optional(),
    capacity: CapacityShape.optional(),
  })
  .refine((change) => change.status !== undefined || change.capacity !== undefined, {
    message: 'must name status, capacity or both',
  })
  .meta({ id: 'ChangeSlotRequest' });
export type ChangeSlotRequest = z.infer<typeof ChangeSlotRequest>;

/** Says that the doctor is late, or no longer. */
export const SetDelayRequest = z
  .strictObject({
    isDelayed: z.boolean(),
    delayMinutes: z.int().min(0, 'must be 0 to 720').max(720, 'must be 0 to 720').optional(),
  })
  .refine((delay) => delay.isDelayed || !delay.delayMinutes, {
    path: ['delayMinutes'],
    message: 'must be 0 or absent where isDelayed is false',
  })
  .meta({ id: 'SetDelayRequest' });
export type SetDelayRequest = z.infer<typeof SetDelayRequest>;

/** The day of a doctor, as the path of a request names it. */
export const DayOfDoctor = z.strictObject({ doctorId: z.string(), date: LocalDate });
export type DayOfDoctor = z.infer<typeof DayOfDoctor>;
