import { ok, type Outcome, type Page, type Slot } from '@opd/contracts';
import type { ClinicCalendar } from '../clinic-calendar';
import type { Clock } from '../clock';
import { pageOf } from '../paging';
import { invalidField, notFound } from '../refusals';
import type { DoctorStore } from '../store/doctor-store';
import type { SlotReads } from '../store/slot-reads';
import { slotView } from '../views';

/** Shows slots: what is open, closed and over, and what is left in each. */
export class ReadSlots {
  readonly #reads: SlotReads;
  readonly #doctors: DoctorStore;
  readonly #calendar: ClinicCalendar;
  readonly #clock: Clock;

  constructor(parts: {
    reads: SlotReads;
    doctors: DoctorStore;
    calendar: ClinicCalendar;
    clock: Clock;
  }) {
    this.#reads = parts.reads;
    this.#doctors = parts.doctors;
    this.#calendar = parts.calendar;
    this.#clock = parts.clock;
  }

  /** One slot. */
  async one(slotId: string): Promise<Outcome<Slot>> {
    const slot = await this.#reads.slot(slotId);
    return slot ? ok(slotView(slot, this.#clock.nowMs())) : notFound('slot');
  }

  /** A doctor's slots on `days` days from `from` (today if absent), in order of time. */
  async ofDoctor(query: {
    readonly doctorId: string;
    readonly from?: string | undefined;
    readonly days: number;
    readonly limit: number;
    readonly cursor?: string | undefined;
  }): Promise<Outcome<Page<Slot>>> {
    const { doctorId, limit, cursor } = query;
    // A cursor is the id of the page's last slot, so that nothing needs to be packed.
    if (cursor !== undefined && !cursor.startsWith(`${doctorId}_`))
      return invalidField('cursor', 'must be the nextCursor of the page before');

    const fromDay = query.from ?? this.#calendar.dayAt(this.#clock.nowMs());
    const toDay = this.#calendar.daysFrom(fromDay, query.days).at(-1) ?? fromDay;
    const slots = await this.#reads.slotsOfDoctor({
      doctorId,
      fromDay,
      toDay,
      afterSlotId: cursor,
      atMost: limit + 1,
    });
    if (slots.length === 0 && !(await this.#doctors.has(doctorId))) return notFound('doctor');
    const { items, nextCursor } = pageOf(slots, limit, (last) => last._id);
    return ok({ items: items.map((slot) => slotView(slot, this.#clock.nowMs())), nextCursor });
  }
}
