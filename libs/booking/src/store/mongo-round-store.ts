import mongoose from 'mongoose';
import { within, type Clock } from '../clock';
import {
  RoundView,
  type RoundQuery,
  type RoundStore,
  type SlotWrite,
  type WriteReceipt,
  type WriteRefusal,
} from '../rounds/round-store';
import { updateOf } from './round-updates';
import type { SlotDocument } from './slot-document';
import {
  DOCUMENT_VALIDATION_FAILURE,
  DUPLICATE_KEY,
  STORE_TRIP_TIMEOUT_MS,
  reading,
  wasNotSent,
} from './store-faults';

/** A majority write that waits longer than this for its acknowledgement has an unknown outcome. */
export const WRITE_CONCERN: mongoose.mongo.WriteConcernSettings = {
  w: 'majority',
  wtimeoutMS: 1_000,
};

/** How long MongoDB itself may work on one read of ours, in milliseconds. */
export const READ_MAX_TIME_MS = 1_500;

// Rounds decide on the counters and on who holds what; the stages of a visit do not matter to them.
const ROUND_PROJECTION = {
  activePatients: 0,
  idempotencyKeys: 0,
  'bookings.cancelReason': 0,
} as const;

/** The rounds' side of the slot store, on the driver's collection of MongoDB. */
export class MongoRoundStore implements RoundStore {
  readonly #slots: mongoose.mongo.Collection<SlotDocument>;
  readonly #clock: Clock;

  constructor(slots: mongoose.mongo.Collection<SlotDocument>, clock: Clock) {
    this.#slots = slots;
    this.#clock = clock;
  }

  async readRound(query: RoundQuery): Promise<RoundView> {
    const found = this.#slots.find(
      {
        $or: [
          { _id: { $in: [...query.slotIds] } },
          { activePatients: { $in: [...query.patientIds] }, date: { $gte: query.fromDay } },
          ...(query.idempotencyKeys.length > 0 ? [holdsKey(query.idempotencyKeys)] : []),
        ],
      },
      {
        projection: ROUND_PROJECTION,
        // A version that can be rolled back must never guard a write.
        readConcern: { level: 'majority' },
        readPreference: 'primary',
        maxTimeMS: READ_MAX_TIME_MS,
      },
    );
    return new RoundView(await reading(this.#clock, found.toArray()));
  }

  async writeRound(writes: readonly SlotWrite[]): Promise<WriteReceipt> {
    const bulk = this.#slots.bulkWrite(writes.map(updateOf), {
      ordered: false,
      writeConcern: WRITE_CONCERN,
    });
    try {
      const timeoutMs = STORE_TRIP_TIMEOUT_MS;
      const onTimeout = () => new Error(`A bulk write took longer than ${timeoutMs} ms`);
      const result = await within(this.#clock, bulk, { timeoutMs, onTimeout });
      const isClean = result.matchedCount === writes.length && !result.getWriteConcernError();
      return isClean ? { outcome: 'ACKNOWLEDGED' } : unclear([], 'A guard did not match');
    } catch (error) {
      return receiptOf(error, writes);
    }
  }
}

// Names the type as the partial index does: without, MongoDB does not see that the index holds every
// such slot, and one key in a round makes it read all slots there are.
function holdsKey(keys: readonly string[]) {
  return { idempotencyKeys: { $in: [...keys], $type: 'string' as const } };
}

const { MongoBulkWriteError } = mongoose.mongo;

/**
 * What an error of a bulk write tells. A write error names its operation, which then certainly did
 * not take effect, even where a write-concern error came with it. All else stays unclear: after a
 * lost connection the counts are 0 although everything may have landed.
 */
export function receiptOf(error: unknown, writes: readonly SlotWrite[]): WriteReceipt {
  if (wasNotSent(error))
    return unclear(
      writes.map(({ slotId }) => [slotId, 'NOT_SENT']),
      error,
    );
  if (!(error instanceof MongoBulkWriteError)) return unclear([], error);
  const refused = error.result.getWriteErrors().flatMap(({ index, code }) => {
    const refusal = REFUSAL_OF_CODE.get(code);
    const slotId = writes[index]?.slotId;
    return refusal && slotId !== undefined ? [[slotId, refusal] as const] : [];
  });
  return unclear(refused, error);
}

// Other codes may come of a primary that steps down half-way; what they left is read again.
const REFUSAL_OF_CODE: ReadonlyMap<unknown, WriteRefusal> = new Map([
  [DUPLICATE_KEY, 'CLAIMED'],
  [DOCUMENT_VALIDATION_FAILURE, 'INVALID'],
]);

function unclear(refused: Iterable<readonly [string, WriteRefusal]>, cause: unknown): WriteReceipt {
  return { outcome: 'UNCLEAR', refused: new Map(refused), cause };
}
