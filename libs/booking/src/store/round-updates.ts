import type { mongo } from 'mongoose';
import type { BookingRecord, SlotDocument } from './slot-document';
import type { SlotWrite } from '../rounds/round-store';

/**
 * The one update of a slot's write. Its filter repeats what the decision rested on: the version,
 * and, as further fences, that no patient and no key of it is in the slot yet. Counters change by
 * `$inc` only, so that a cancel in between is never undone.
 */
export function updateOf(write: SlotWrite): mongo.AnyBulkWriteOperation<SlotDocument> {
  return write.reinstatements.length > 0 ? reinstatementUpdate(write) : bookingUpdate(write);
}

function bookingUpdate(write: SlotWrite): mongo.AnyBulkWriteOperation<SlotDocument> {
  const patients = write.bookings.map(({ patientId }) => patientId);
  const keys = write.bookings.flatMap(({ idempotencyKey }) => idempotencyKey ?? []);
  return {
    updateOne: {
      filter: {
        ...guardOf(write),
        activePatients: { $nin: patients },
        idempotencyKeys: { $nin: keys },
      },
      update: {
        $inc: {
          version: 1,
          bookedCount: write.bookings.length,
          lastTokenNumber: write.bookings.length,
        },
        $push: {
          bookings: { $each: [...write.bookings] as BookingRecord[] },
          activePatients: { $each: patients },
          idempotencyKeys: { $each: keys },
        },
      },
    },
  };
}

function reinstatementUpdate(write: SlotWrite): mongo.AnyBulkWriteOperation<SlotDocument> {
  const { reinstatements } = write;
  const patients = reinstatements.map(({ patientId }) => patientId);
  const set: Record<string, unknown> = {};
  const unset: Record<string, ''> = {};
  reinstatements.forEach(({ at, reinstateId }, index) => {
    const path = `bookings.$[b${index}]`;
    set[`${path}.status`] = 'BOOKED';
    set[`${path}.reinstatedAt`] = at;
    set[`${path}.reinstateId`] = reinstateId;
    unset[`${path}.noShowAt`] = '';
    unset[`${path}.checkedInAt`] = '';
  });
  return {
    updateOne: {
      filter: {
        ...guardOf(write),
        activePatients: { $nin: patients },
        $and: reinstatements.map(({ bookingId }) => ({
          bookings: { $elemMatch: { bookingId, status: 'NOSHOW' } },
        })),
      },
      update: {
        $inc: { version: 1, bookedCount: reinstatements.length },
        $push: { activePatients: { $each: patients } },
        $set: set,
        $unset: unset,
      },
      arrayFilters: reinstatements.map(({ bookingId }, index) => ({
        [`b${index}.bookingId`]: bookingId,
      })),
    },
  };
}

function guardOf({ slotId, doctorDay, version }: SlotWrite) {
  return { _id: slotId, doctorDay, version };
}
