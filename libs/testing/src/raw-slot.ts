import type { mongo } from 'mongoose';
import { z } from 'zod';

/** A broken rule, found in the documents themselves. */
export interface Finding {
  readonly slotId: string;
  /** Which rule, in capitals: what a caller counts and a test names. */
  readonly rule: string;
  /** What was found and what should be there; ids and numbers, nothing personal. */
  readonly detail: string;
}

// The types of the fields and no more: what their values may be is for the rules to say. Written
// from the description of the document, on purpose without the code that writes it.
const RawBooking = z.looseObject({
  bookingId: z.string(),
  patientId: z.string(),
  type: z.string(),
  tier: z.string(),
  status: z.string(),
  tokenNumber: z.number(),
  bookedAt: z.date(),
  idempotencyKey: z.string().optional(),
});

const RawSlotShape = z.looseObject({
  _id: z.string(),
  doctorId: z.string(),
  date: z.string(),
  start: z.string(),
  end: z.string(),
  startsAt: z.date(),
  endsAt: z.date(),
  doctorDay: z.string(),
  status: z.string(),
  capacity: z.strictObject({
    base: z.number(),
    premiumBuffer: z.number(),
    emergencyBuffer: z.number(),
  }),
  isDelayed: z.boolean(),
  delayMinutes: z.number(),
  bookedCount: z.number(),
  lastTokenNumber: z.number(),
  version: z.number(),
  activePatients: z.array(z.string()),
  idempotencyKeys: z.array(z.string()),
  bookings: z.array(RawBooking),
});

/** A slot as it lies in the database; its fields have their types, its values may be anything. */
export type RawSlot = z.infer<typeof RawSlotShape>;

/** Documents that travel together, so that an audit of any size stays small in memory. */
const BATCH_SLOTS = 100;

/**
 * Reads slots one by one, all or the named ones: what a majority of the members has, from the
 * primary.
 * @returns for each either the slot, or the finding that it has not the fields of one
 */
export async function* readRawSlots(
  db: mongo.Db,
  slotIds?: readonly string[],
): AsyncGenerator<{ slot: RawSlot } | { finding: Finding }> {
  const options = { readPreference: 'primary', batchSize: BATCH_SLOTS } as const;
  const cursor = db
    .collection<{ _id: string }>('slots', { readConcern: 'majority' })
    .find(slotIds ? { _id: { $in: [...slotIds] } } : {}, options);
  for await (const document of cursor) {
    const parsed = RawSlotShape.safeParse(document);
    yield parsed.success
      ? { slot: parsed.data }
      : { finding: misshapen(String(document._id), parsed.error) };
  }
}

function misshapen(slotId: string, { issues }: z.ZodError): Finding {
  const detail = issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; ');
  return { slotId, rule: 'SHAPE', detail };
}
