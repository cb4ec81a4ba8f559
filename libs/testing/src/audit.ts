import type { mongo } from 'mongoose';
import { readRawSlots, type Finding, type RawSlot } from './raw-slot';
import { findingsInSlot, patientsToBeServed } from './slot-rules';

export type { Finding } from './raw-slot';

/** What a test knows beyond the rules that always hold. */
export interface AuditExpectations {
  /** How many seats are held at the end, by slot id. A slot that is named must be there. */
  readonly bookedCounts?: Readonly<Record<string, number>>;
}

/**
 * The independent oracle: reads every slot document as it lies in MongoDB, with the raw driver and
 * none of the code that wrote it, and reports each broken rule with the slot's id. An empty list
 * means that all promises are kept: the count is the number of seats held and fits the capacity,
 * tokens are unique and in order, nobody has two active bookings with a doctor on a day, every
 * booking id and idempotency key is there once, and so on.
 *
 * Reads what a majority has, in batches; while others write, a finding across slots may be of two
 * moments, so audit when they have stopped.
 */
export async function auditSlots(
  db: mongo.Db,
  { bookedCounts = {} }: AuditExpectations = {},
): Promise<Finding[]> {
  const findings: Finding[] = [];
  const across = new AcrossSlots();
  const awaited = new Map(Object.entries(bookedCounts));
  for await (const read of readRawSlots(db)) {
    if ('finding' in read) {
      findings.push(read.finding);
      continue;
    }
    findings.push(...findingsInSlot(read.slot), ...across.findingsAt(read.slot));
    findings.push(...unexpectedCount(read.slot, awaited));
    awaited.delete(read.slot._id);
  }
  for (const slotId of awaited.keys())
    findings.push({ slotId, rule: 'EXPECTED_COUNT', detail: 'the slot is not there' });
  return findings;
}

function unexpectedCount(slot: RawSlot, awaited: ReadonlyMap<string, number>): Finding[] {
  const expected = awaited.get(slot._id);
  if (expected === undefined || expected === slot.bookedCount) return [];
  const detail = `bookedCount ${slot.bookedCount}, expected ${expected}`;
  return [{ slotId: slot._id, rule: 'EXPECTED_COUNT', detail }];
}

/** Remembers what must be there once over all slots, and where it was seen first. */
class AcrossSlots {
  private readonly seen = new Map<string, string>();

  findingsAt(slot: RawSlot): Finding[] {
    return [
      ...slot.bookings.flatMap(({ bookingId }) =>
        this.once(slot, 'BOOKING_ID', `booking ${bookingId}`),
      ),
      ...slot.idempotencyKeys.flatMap((key) =>
        this.once(slot, 'IDEMPOTENCY_KEY_UNIQUE', `key ${key}`),
      ),
      ...patientsToBeServed(slot).flatMap((patientId) =>
        this.once(slot, 'ONE_ACTIVE_BOOKING', `patient ${patientId} on ${slot.doctorDay}`),
      ),
    ];
  }

  private once(slot: RawSlot, rule: string, what: string): Finding[] {
    const key = `${rule} ${what}`;
    const first = this.seen.get(key);
    if (first === undefined) {
      this.seen.set(key, slot._id);
      return [];
    }
    return [{ slotId: slot._id, rule, detail: `${what} was seen before, in ${first}` }];
  }
}
