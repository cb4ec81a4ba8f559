import type { RoundStore } from '@opd/booking';
import type { SlotLocks } from '@opd/locking';
import type { mongo } from 'mongoose';

interface SlotToFill {
  _id: string;
  version: number;
  bookedCount: number;
  lastTokenNumber: number;
  bookings: unknown[];
  activePatients: string[];
}

/** A lock service that has gone mad: everybody who asks holds every lock, at the same time. */
export const grantsAlways: SlotLocks = {
  tryAcquire: (slotId) =>
    Promise.resolve({
      outcome: 'HELD',
      lock: { slotId, remainingMs: () => 2_000, release: () => Promise.resolve() },
    }),
};

/**
 * The defect that the whole design is against: a store that writes what a round decided without
 * asking whether the slot is still as it was read. MongoDB's own last fence is off, too.
 */
export function withoutGuard(db: mongo.Db, store: RoundStore): RoundStore {
  const slots = db.collection<SlotToFill>('slots');
  return {
    readRound: (query) => store.readRound(query),
    writeRound: async (writes) => {
      const updates = writes.map(({ slotId, bookings }) => ({
        updateOne: {
          filter: { _id: slotId },
          update: {
            $inc: { version: 1, bookedCount: bookings.length, lastTokenNumber: bookings.length },
            $push: {
              bookings: { $each: [...bookings] },
              activePatients: { $each: bookings.map(({ patientId }) => patientId) },
            },
          },
        },
      }));
      await slots.bulkWrite(updates, { bypassDocumentValidation: true });
      return { outcome: 'ACKNOWLEDGED' };
    },
  };
}
