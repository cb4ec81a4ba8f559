import type { PatientDirectory } from '@opd/auth';
import { ok, type Booking, type Outcome, type Page } from '@opd/contracts';
import { fromCursor, pageOf, toCursor } from '../paging';
import { invalidField, notFound } from '../refusals';
import type { BookingInSlot } from '../store/slot-document';
import type { SlotReads, VisitPosition } from '../store/slot-reads';
import { bookingView } from '../views';

interface PageRequest {
  readonly limit: number;
  readonly cursor?: string | undefined;
}

/** Shows bookings, to their patient and to the desk. */
export class ReadBookings {
  readonly #reads: SlotReads;
  readonly #patients: PatientDirectory;

  constructor(reads: SlotReads, patients: PatientDirectory) {
    this.#reads = reads;
    this.#patients = patients;
  }

  /** One booking; with `patientId` another patient's is as good as none. */
  async one(bookingId: string, patientId?: string): Promise<Outcome<Booking>> {
    const found = await this.#reads.booking(bookingId, patientId);
    if (!found) return notFound('booking');
    const [view] = await this.#views([found]);
    return view ? ok(view) : notFound('booking');
  }

  /** A patient's own bookings in every status, newest slot first. */
  async ofPatient(
    patientId: string,
    { limit, cursor }: PageRequest,
  ): Promise<Outcome<Page<Booking>>> {
    const after = cursor === undefined ? undefined : positionOf(cursor);
    if (after === null) return invalidField('cursor', 'must be the nextCursor of the page before');
    const found = await this.#reads.bookingsOfPatient(patientId, limit + 1, after);
    const { items, nextCursor } = pageOf(found, limit, ({ slot, booking }) =>
      toCursor(slot.startsAt.toISOString(), slot._id, booking.tokenNumber),
    );
    return ok({ items: await this.#views(items), nextCursor });
  }

  /** The register of a slot: its bookings in every status, by token number. */
  async ofSlot(slotId: string, { limit, cursor }: PageRequest): Promise<Outcome<Page<Booking>>> {
    const [afterToken] = cursor === undefined ? [0] : (fromCursor(cursor, 1) ?? []);
    if (typeof afterToken !== 'number')
      return invalidField('cursor', 'must be the nextCursor of the page before');
    const register = await this.#reads.register(slotId);
    if (!register) return notFound('slot');
    const { slot } = register;
    const following = register.bookings
      .filter(({ tokenNumber }) => tokenNumber > afterToken)
      .sort((one, other) => one.tokenNumber - other.tokenNumber)
      .map((booking) => ({ slot, booking }));
    const { items, nextCursor } = pageOf(following, limit, ({ booking }) =>
      toCursor(booking.tokenNumber),
    );
    return ok({ items: await this.#views(items), nextCursor });
  }

  async #views(found: readonly BookingInSlot[]): Promise<Booking[]> {
    if (found.length === 0) return [];
    const patients = await this.#patients.byIds(found.map(({ booking }) => booking.patientId));
    return found.map((each) => bookingView(each, patients.get(each.booking.patientId)?.name ?? ''));
  }
}

/** The place a cursor of a patient's list stands for; null if it is none of ours. */
function positionOf(cursor: string): VisitPosition | null {
  const [startsAtText, slotId, tokenNumber] = fromCursor(cursor, 3) ?? [];
  if (typeof startsAtText !== 'string' || typeof slotId !== 'string') return null;
  const startsAt = new Date(startsAtText);
  if (Number.isNaN(startsAt.getTime()) || typeof tokenNumber !== 'number') return null;
  return { startsAt, slotId, tokenNumber };
}
