import { BookingPage, OpenRangeReply, SlotPage, type Slot } from '@opd/contracts';
import { DateTime } from 'luxon';
import { type Arrival } from './arrivals';
import { ClinicError, describe, expectAnswer, type Clinic } from './clinic';
import { timeOf } from './time-of-day';

/** The API takes and lists at most this many days at once; so far ahead a free day is looked for. */
const DAYS_AHEAD = 31;
/** `open-range` takes at most this many ranges. */
const MAX_RANGES = 12;
const PAGE_SLOTS = 200;
const MAX_PAGES = 100;
const EVERY_WEEKDAY = [1, 2, 3, 4, 5, 6, 7];

/** What the played day needs of the clinic. */
export interface DayNeeds {
  readonly arrivals: readonly Arrival[];
  readonly slotMinutes: number;
  /** `YYYY-MM-DD`; without it the first free day from tomorrow on is taken. */
  readonly date?: string | undefined;
  /** The clinic's IANA time zone: it decides which day is tomorrow. */
  readonly timeZone: string;
}

/** The clinic, ready for its patients. */
export interface OpenedDay {
  readonly date: string;
  /** The slots by {@link slotKey}. */
  readonly slots: ReadonlyMap<string, Slot>;
}

/** How a slot is found by what the file says. */
export function slotKey({ doctorId, start }: Pick<Arrival, 'doctorId' | 'start'>): string {
  return `${doctorId} ${start}`;
}

/**
 * Registers the doctors of the file, chooses the day, and opens its slots. Fails with a
 * {@link ClinicError} when a slot of the day was booked before: its counts would not be the day's.
 */
export async function openDay(clinic: Clinic, needs: DayNeeds): Promise<OpenedDay> {
  const doctorIds = [...new Set(needs.arrivals.map(({ doctorId }) => doctorId))].sort();
  for (const doctorId of doctorIds) await registerDoctor(clinic, doctorId);

  const date = needs.date ?? (await findFreeDate(clinic, doctorIds, needs.timeZone));
  const slots = new Map<string, Slot>();
  for (const doctorId of doctorIds) {
    await openSlots(clinic, { doctorId, date, needs });
    for (const slot of await listSlots(clinic, { doctorId, from: date, days: 1 }))
      slots.set(slotKey(slot), slot);
  }
  await checkSlots(clinic, needs.arrivals, slots);
  return { date, slots };
}

async function registerDoctor(clinic: Clinic, doctorId: string): Promise<void> {
  const answer = await clinic.adminApi.ask({
    method: 'POST',
    path: '/v1/doctors',
    token: await clinic.admin.token(),
    body: { doctorId, name: `Simulated ${doctorId}`, specialty: 'Simulation' },
  });
  if (answer.status === 201 || answer.code === 'ALREADY_EXISTS') return;
  throw new ClinicError(`The doctor ${doctorId} cannot be registered: ${describe(answer)}.`);
}

async function findFreeDate(
  clinic: Clinic,
  doctorIds: readonly string[],
  timeZone: string,
): Promise<string> {
  const tomorrow = DateTime.now().setZone(timeZone).plus({ days: 1 });
  const from = tomorrow.toFormat('yyyy-MM-dd');
  const takenDates = new Set<string>();
  for (const doctorId of doctorIds)
    for (const slot of await listSlots(clinic, { doctorId, from, days: DAYS_AHEAD }))
      takenDates.add(slot.date);

  for (let day = 0; day < DAYS_AHEAD; day++) {
    const date = tomorrow.plus({ days: day }).toFormat('yyyy-MM-dd');
    if (!takenDates.has(date)) return date;
  }
  throw new ClinicError(
    `The doctors of this file have slots on each of the ${DAYS_AHEAD} days from ${from} on. Name a later day with --date, or begin with an empty clinic (another OPD_DATA_DIR).`,
  );
}

async function listSlots(
  clinic: Clinic,
  { doctorId, from, days }: { doctorId: string; from: string; days: number },
): Promise<Slot[]> {
  const api = clinic.patientApi;
  const slots: Slot[] = [];
  let cursor = '';
  for (let pages = 0; pages < MAX_PAGES; pages++) {
    const path = `/v1/doctors/${doctorId}/slots?from=${from}&days=${days}&limit=${PAGE_SLOTS}${cursor}`;
    const answer = await api.ask({ method: 'GET', path });
    const page = expectAnswer(api, answer, { status: 200, shape: SlotPage });
    slots.push(...page.items);
    if (page.nextCursor === undefined) return slots;
    cursor = `&cursor=${encodeURIComponent(page.nextCursor)}`;
  }
  throw new ClinicError(`The list of the slots of ${doctorId} does not end.`);
}

async function openSlots(
  clinic: Clinic,
  { doctorId, date, needs }: { doctorId: string; date: string; needs: DayNeeds },
): Promise<void> {
  const ofDoctor = needs.arrivals.filter((arrival) => arrival.doctorId === doctorId);
  const ranges = slotRanges(ofDoctor);
  for (let at = 0; at < ranges.length; at += MAX_RANGES) {
    const body = {
      doctorId,
      from: date,
      days: 1,
      weekdays: EVERY_WEEKDAY,
      ranges: ranges.slice(at, at + MAX_RANGES),
      slotMinutes: needs.slotMinutes,
    };
    const token = await clinic.admin.token();
    const path = '/v1/slots/open-range';
    const answer = await clinic.adminApi.ask({ method: 'POST', path, token, body });
    expectAnswer(clinic.adminApi, answer, { status: 201, shape: OpenRangeReply });
  }
}

/** The hours in which a doctor's slots lie, slots without a gap joined, in the order of the day. */
export function slotRanges(arrivals: readonly Arrival[]): { start: string; end: string }[] {
  const slots = new Map(arrivals.map((arrival) => [arrival.startMinute, arrival.endMinute]));
  const ranges: { from: number; to: number }[] = [];
  for (const [from, to] of [...slots].sort(([one], [other]) => one - other)) {
    const last = ranges.at(-1);
    if (last?.to === from) last.to = to;
    else ranges.push({ from, to });
  }
  return ranges.map(({ from, to }) => ({ start: timeOf(from), end: timeOf(to) }));
}

async function checkSlots(
  clinic: Clinic,
  arrivals: readonly Arrival[],
  slots: ReadonlyMap<string, Slot>,
): Promise<void> {
  const needed = new Map(arrivals.map((arrival) => [slotKey(arrival), arrival]));
  for (const [key, { endMinute }] of needed) {
    const slot = slots.get(key);
    if (slot?.end !== timeOf(endMinute) || slot.status !== 'OPEN')
      throw new ClinicError(
        `The slot ${key} is ${slot ? `${slot.status}, ${slot.start} to ${slot.end}` : 'not there'}; the day needs it open until ${timeOf(endMinute)}. Choose another --date or --slot-minutes.`,
      );
    const path = `/v1/slots/${slot.slotId}/bookings?limit=1`;
    const token = await clinic.desk.token();
    const answer = await clinic.deskApi.ask({ method: 'GET', path, token });
    const register = expectAnswer(clinic.deskApi, answer, { status: 200, shape: BookingPage });
    if (register.items.length > 0)
      throw new ClinicError(
        `The slot ${slot.slotId} has been booked before; a day is played on empty slots. Choose another --date.`,
      );
  }
}
