import { DEFAULT_CAPACITY, type Capacity } from '@opd/capacity-core';
import {
  ok,
  refused,
  type OpenRangeReply,
  type OpenRangeRequest,
  type OpenSlotRequest,
  type Outcome,
  type Slot,
} from '@opd/contracts';
import { minuteOfDay, timeOfMinute, type ClinicCalendar } from '../clinic-calendar';
import type { Clock } from '../clock';
import { invalidField, notFound } from '../refusals';
import type { DoctorStore } from '../store/doctor-store';
import { doctorDayOf, slotIdOf, type SlotDocument } from '../store/slot-document';
import type { OpeningOutcome, SlotOpening } from '../store/slot-opening';
import { slotView } from '../views';

interface SlotTimes {
  readonly date: string;
  readonly start: string;
  readonly end: string;
}

/** Opens slots: one, or what is missing of a range of days. */
export class OpenSlots {
  readonly #opening: SlotOpening;
  readonly #doctors: DoctorStore;
  readonly #calendar: ClinicCalendar;
  readonly #clock: Clock;

  constructor(parts: {
    opening: SlotOpening;
    doctors: DoctorStore;
    calendar: ClinicCalendar;
    clock: Clock;
  }) {
    this.#opening = parts.opening;
    this.#doctors = parts.doctors;
    this.#calendar = parts.calendar;
    this.#clock = parts.clock;
  }

  /** Opens one slot, today or later. */
  async one(request: OpenSlotRequest): Promise<Outcome<Slot>> {
    if (this.#isPast(request.date)) return pastDay('date');
    if (!(await this.#doctors.has(request.doctorId))) return notFound('doctor');

    const slot = this.#newSlot(request.doctorId, request, request.capacity);
    const result = await this.#opening.open([slot]);
    if (result.outcome === 'OVERLAPS') return overlaps(result);
    if (result.existing > 0)
      return refused({ code: 'ALREADY_EXISTS', detail: `Slot ${slot._id} is there already.` });
    return ok(slotView(slot, this.#clock.nowMs()));
  }

  /** Opens what is missing on the wanted weekdays: all of it, or nothing. Repeating it adds nothing. */
  async range(request: OpenRangeRequest): Promise<Outcome<OpenRangeReply>> {
    if (this.#isPast(request.from)) return pastDay('from');
    if (rangesOverlap(request)) return invalidField('ranges', 'must not overlap each other');
    if (!(await this.#doctors.has(request.doctorId))) return notFound('doctor');

    const slots = this.#timesOf(request).map((times) =>
      this.#newSlot(request.doctorId, times, request.capacity),
    );
    if (slots.length === 0) return ok({ opened: 0, existing: 0 });
    const result = await this.#opening.open(slots);
    if (result.outcome === 'OVERLAPS') return overlaps(result);
    return ok({ opened: result.opened, existing: result.existing });
  }

  #timesOf({ from, days, weekdays, ranges, slotMinutes }: OpenRangeRequest): SlotTimes[] {
    return this.#calendar
      .daysFrom(from, days)
      .filter((date) => weekdays.includes(this.#calendar.weekdayOf(date)))
      .flatMap((date) =>
        ranges.flatMap((range) => cut(range, slotMinutes).map((times) => ({ date, ...times }))),
      );
  }

  #newSlot(
    doctorId: string,
    times: SlotTimes,
    capacity: Capacity = DEFAULT_CAPACITY,
  ): SlotDocument {
    const { date, start, end } = times;
    return {
      _id: slotIdOf(doctorId, date, start),
      doctorId,
      date,
      start,
      end,
      startsAt: this.#calendar.instantOf(date, start),
      endsAt: this.#calendar.instantOf(date, end),
      doctorDay: doctorDayOf(doctorId, date),
      status: 'OPEN',
      capacity: { ...capacity },
      isDelayed: false,
      delayMinutes: 0,
      bookedCount: 0,
      lastTokenNumber: 0,
      version: 0,
      activePatients: [],
      idempotencyKeys: [],
      bookings: [],
    };
  }

  #isPast(day: string): boolean {
    return day < this.#calendar.dayAt(this.#clock.nowMs());
  }
}

/** Cuts a range into whole slots from its start; what is left and shorter stays closed. */
function cut(range: { start: string; end: string }, slotMinutes: number) {
  const endMinute = minuteOfDay(range.end);
  const times: { start: string; end: string }[] = [];
  for (let from = minuteOfDay(range.start); from + slotMinutes <= endMinute; from += slotMinutes)
    times.push({ start: timeOfMinute(from), end: timeOfMinute(from + slotMinutes) });
  return times;
}

function rangesOverlap({ ranges }: OpenRangeRequest): boolean {
  const inOrder = [...ranges].sort((one, other) => one.start.localeCompare(other.start));
  return inOrder.some((range, index) => {
    const next = inOrder[index + 1];
    return next !== undefined && next.start < range.end;
  });
}

function pastDay(path: string): Outcome<never> {
  return invalidField(path, "must be today or later, by the clinic's calendar");
}

function overlaps(clash: Extract<OpeningOutcome, { outcome: 'OVERLAPS' }>): Outcome<never> {
  const { slotId, existingSlotId } = clash;
  return refused({
    code: 'SLOT_OVERLAPS',
    detail: `${slotId} would overlap ${existingSlotId}.`,
    extensions: { slotId, existingSlotId },
  });
}
