import { OutcomeUnknownError } from '@opd/contracts';
import type { mongo } from 'mongoose';
import { within, type Clock } from '../clock';
import type { DoctorDayDocument } from './doctor-document';
import { WRITE_CONCERN } from './mongo-round-store';
import type { SlotDocument, SlotHead } from './slot-document';
import { HEAD_PROJECTION } from './slot-reads';
import { isRefusedForGood } from './store-faults';

/** What became of slots that were to be opened: all of them are open, or none was added. */
export type OpeningOutcome =
  | { readonly outcome: 'OPENED'; readonly opened: number; readonly existing: number }
  /** The doctor has another slot at that time. */
  | { readonly outcome: 'OVERLAPS'; readonly slotId: string; readonly existingSlotId: string };

/** A month of slots is opened in far less, in milliseconds. */
const OPENING_TIMEOUT_MS = 8_000;

/**
 * Opens slots. The one place with a transaction: that no two slots of a doctor overlap is a promise
 * about several documents. Whoever opens touches the doctor's day first, so that of two who open
 * at the same time one meets a write conflict and looks again.
 */
export class SlotOpening {
  readonly #client: mongo.MongoClient;
  readonly #slots: mongo.Collection<SlotDocument>;
  readonly #days: mongo.Collection<DoctorDayDocument>;
  readonly #clock: Clock;

  constructor(
    client: mongo.MongoClient,
    collections: {
      readonly slots: mongo.Collection<SlotDocument>;
      readonly days: mongo.Collection<DoctorDayDocument>;
    },
    clock: Clock,
  ) {
    this.#client = client;
    this.#slots = collections.slots;
    this.#days = collections.days;
    this.#clock = clock;
  }

  /**
   * Opens what is missing of `wanted`, all slots of one doctor. A slot that is there already, with
   * the same times, counts as existing and stays as it is.
   * @throws OutcomeUnknownError if MongoDB did not settle it in time; repeating it is safe.
   */
  async open(wanted: readonly SlotDocument[]): Promise<OpeningOutcome> {
    const onTimeout = () => new Error(`Opening took longer than ${OPENING_TIMEOUT_MS} ms`);
    const work = this.#client.withSession((session) =>
      session.withTransaction(() => this.#openIn(session, wanted), {
        readConcern: { level: 'snapshot' },
        writeConcern: WRITE_CONCERN,
        maxCommitTimeMS: 2_000,
      }),
    );
    try {
      return await within(this.#clock, work, { timeoutMs: OPENING_TIMEOUT_MS, onTimeout });
    } catch (error) {
      if (isRefusedForGood(error)) throw error;
      throw new OutcomeUnknownError('Opening slots was not settled', { cause: error });
    }
  }

  async #openIn(
    session: mongo.ClientSession,
    wanted: readonly SlotDocument[],
  ): Promise<OpeningOutcome> {
    const days = [...new Set(wanted.map(({ doctorDay }) => doctorDay))];
    await this.#days.bulkWrite(
      days.map((day) => ({
        updateOne: { filter: { _id: day }, update: { $inc: { changes: 1 } }, upsert: true },
      })),
      { session, ordered: true },
    );
    const existing = await this.#slots
      .find(
        { doctorId: wanted[0]?.doctorId, doctorDay: { $in: days } },
        { session, projection: HEAD_PROJECTION },
      )
      .toArray();
    const plan = planOpening(wanted, existing);
    if (plan.outcome === 'OVERLAPS') return plan;
    if (plan.missing.length > 0) await this.#slots.insertMany([...plan.missing], { session });
    return {
      outcome: 'OPENED',
      opened: plan.missing.length,
      existing: wanted.length - plan.missing.length,
    };
  }
}

type OpeningPlan =
  | { readonly outcome: 'POSSIBLE'; readonly missing: readonly SlotDocument[] }
  | Extract<OpeningOutcome, { outcome: 'OVERLAPS' }>;

function planOpening(wanted: readonly SlotDocument[], existing: readonly SlotHead[]): OpeningPlan {
  const missing: SlotDocument[] = [];
  for (const slot of wanted) {
    const clash = existing.find((other) => overlaps(slot, other));
    if (!clash) missing.push(slot);
    else if (clash._id !== slot._id || clash.end !== slot.end)
      return { outcome: 'OVERLAPS', slotId: slot._id, existingSlotId: clash._id };
  }
  return { outcome: 'POSSIBLE', missing };
}

/** Slots that only touch, one ending when the other starts, do not overlap. */
function overlaps(one: SlotHead, other: SlotHead): boolean {
  return one.doctorDay === other.doctorDay && one.start < other.end && other.start < one.end;
}
