/**
 * Goal: the use-cases keep the house's rules from the booking to the end of the visit: who is
 * admitted, what a delay does, which step follows which, and when a seat is free again. Method: the
 * engine with real Redlock locks on real MongoDB and Redis; the raw documents are audited.
 */
import { BOOKING_STATUSES, canTransition, holdsSeat, type BookingType } from '@opd/capacity-core';
import { connectLockNodes, RedlockSlotLocks } from '@opd/locking';
import { auditSlots, testMongoUri, testRedisUrl } from '@opd/testing';
import { countOf, DESK, SpecClinic, valueOf, wordOf, type Engine } from '../testing/clinic';
import { bookingRecord, bookingRecords, NINE, slotDocument, slotHolding } from '../testing/records';

let clinic: SpecClinic;
let engine: Engine;
const nodes = connectLockNodes([testRedisUrl()]);

beforeAll(async () => {
  clinic = await SpecClinic.open(testMongoUri());
  await Promise.all(
    nodes.map(
      (node) =>
        new Promise<void>(
          (resolve) => void (node.status === 'ready' ? resolve() : node.once('ready', resolve)),
        ),
    ),
  );
  engine = clinic.engine({ locks: new RedlockSlotLocks(nodes, { ttlMs: 2_000 }) });
});

afterAll(async () => {
  for (const node of nodes) node.disconnect();
  await clinic.close();
});

beforeEach(async () => {
  clinic.clock.turnTo('2026-11-24T03:00:00Z');
  await clinic.resetSlots();
});

afterEach(async () => {
  expect(await auditSlots(clinic.db)).toEqual([]);
});

async function bookOneByOne(type: BookingType, count: number): Promise<(number | string)[]> {
  const words: (number | string)[] = [];
  for (const { patientId } of await clinic.newPatients(count))
    words.push(wordOf(await engine.book({ patientId, type })));
  return words;
}

const reinstate = (bookingId: string) =>
  engine.reinstateBooking.execute({
    bookingId,
    by: DESK,
    arrival: { arrivedAtMs: clinic.clock.monotonicMs() },
  });

describe('admission', () => {
  it.each([
    [false, 10, 12, 15],
    [true, 8, 9, 15],
  ])('with a delay %s goes to %d, %d and %d', async (isDelayed, standard, premium, critical) => {
    await clinic.putSlot(slotDocument({}, { isDelayed, delayMinutes: isDelayed ? 30 : 0 }));
    for (const [type, limit] of [
      ['ONLINE', standard],
      ['PAID', premium],
      ['EMERGENCY', critical],
    ] as const) {
      const words = await bookOneByOne(type, limit + 1 - (await clinic.rawSlot()).bookedCount);
      expect([words.at(-2), words.at(-1)]).toEqual([limit, 'SLOT_FULL']);
    }
  });

  it('moves nobody when the delay comes after ten', async () => {
    await bookOneByOne('ONLINE', 10);
    const slot = valueOf(
      await engine.changeSlots.delaySlot(NINE, { isDelayed: true, delayMinutes: 45 }),
    );
    expect(slot).toMatchObject({
      bookedCount: 10,
      remaining: { STANDARD: 0, PREMIUM: 0, CRITICAL: 5 },
    });
    expect(await bookOneByOne('PAID', 1)).toEqual(['SLOT_FULL']);
    expect(await bookOneByOne('EMERGENCY', 1)).toEqual([11]);
  });

  it('sells 100 who come at once the ten seats, through the real lock', async () => {
    const patients = await clinic.newPatients(100);
    const outcomes = await Promise.all(patients.map(({ patientId }) => engine.book({ patientId })));
    const told = countOf(outcomes.map((outcome) => (outcome.ok ? 'booked' : wordOf(outcome))));
    expect(told).toEqual({ booked: 10, SLOT_FULL: 90 });
  });

  it('is refused to a type that is not the patient’s to book, and for nobody', async () => {
    const { patientId } = await clinic.newPatient();
    const by = { userId: patientId, role: 'PATIENT' } as const;
    expect(wordOf(await engine.book({ patientId, by, type: 'WALKIN' }))).toBe('TYPE_NOT_ALLOWED');
    expect(wordOf(await engine.book({ patientId: 'pt_nobody' }))).toBe('NOT_FOUND');
    expect(wordOf(await engine.book({ patientId, slotId: 'nowhere' }))).toBe('NOT_FOUND');
  });
});

describe('the steps of a visit', () => {
  const pairs = BOOKING_STATUSES.flatMap((from) =>
    (['CHECKED_IN', 'IN_CONSULTATION', 'COMPLETED', 'CANCELLED', 'NOSHOW'] as const).map(
      (to) => [from, to] as const,
    ),
  );

  it.each(pairs)('from %s to %s follows the table, and frees what it must', async (from, to) => {
    await clinic.putSlot(
      slotHolding([bookingRecord(1), bookingRecord(2, { status: from }), bookingRecord(3)]),
    );
    const before = await clinic.rawSlot();
    const outcome = await engine.advanceVisit.execute({ bookingId: 'bk_2', to });
    if (from !== to && !canTransition(from, to)) {
      expect(outcome).toMatchObject({
        refusal: { code: 'INVALID_TRANSITION', extensions: { from, to } },
      });
      expect(await clinic.rawSlot()).toEqual(before);
      return;
    }
    expect(outcome).toMatchObject({ ok: true, value: { status: to, tokenNumber: 2 } });
    const after = await clinic.rawSlot();
    expect(after.version).toBe(before.version);
    expect(after.bookedCount).toBe(2 + (holdsSeat(to) ? 1 : 0));
    expect([after.bookings[0], after.bookings[2]]).toEqual([bookingRecord(1), bookingRecord(3)]);
  });

  it('free one seat however many cancel at once', async () => {
    await clinic.putSlot(slotHolding(bookingRecords(10)));
    const outcomes = await Promise.all(
      Array.from({ length: 50 }, () =>
        engine.advanceVisit.execute({ bookingId: 'bk_5', to: 'CANCELLED' }),
      ),
    );
    expect(outcomes.every(({ ok }) => ok)).toBe(true);
    expect((await clinic.rawSlot()).bookedCount).toBe(9);
    expect(await bookOneByOne('ONLINE', 2)).toEqual([11, 'SLOT_FULL']);
  });

  it('of another patient are not found', async () => {
    await clinic.putSlot(slotHolding(bookingRecords(2)));
    const step = { bookingId: 'bk_1', to: 'CANCELLED', patientId: 'pt_2' } as const;
    expect(wordOf(await engine.advanceVisit.execute(step))).toBe('NOT_FOUND');
    expect((await clinic.rawSlot()).bookedCount).toBe(2);
  });
});

describe('a missed visit taken back', () => {
  const missed = bookingRecord(2, { status: 'NOSHOW' });

  it('keeps its token, while a seat is free', async () => {
    await clinic.putSlot(slotHolding([bookingRecord(1), missed]));
    expect(wordOf(await reinstate('bk_2'))).toBe(2);
    expect(wordOf(await reinstate('bk_2'))).toBe(2);
    expect(await clinic.rawSlot()).toMatchObject({
      bookedCount: 2,
      activePatients: ['pt_1', 'pt_2'],
    });
  });

  it.each([
    [
      'SLOT_FULL',
      () => slotHolding(bookingRecords(11).map((b) => (b.tokenNumber === 2 ? missed : b))),
      '04:00',
    ],
    [
      'ALREADY_BOOKED',
      () => slotHolding([missed, bookingRecord(3, { patientId: 'pt_2' })]),
      '04:00',
    ],
    ['SLOT_ENDED', () => slotHolding([missed]), '04:30'],
  ])('is refused: %s', async (code, slot, time) => {
    await clinic.putSlot(slot());
    clinic.clock.turnTo(`2026-11-24T${time}:00Z`);
    expect(wordOf(await reinstate('bk_2'))).toBe(code);
  });
});

describe('an idempotency key', () => {
  it('replays the booking as it is now, before every other rule', async () => {
    const { patientId } = await clinic.newPatient();
    const wanted = { patientId, idempotencyKey: 'k' };
    const { booking } = valueOf(await engine.book(wanted));
    await engine.advanceVisit.execute({ bookingId: booking.bookingId, to: 'CANCELLED' });
    await engine.changeSlots.change(NINE, { status: 'CLOSED' });
    clinic.clock.turnTo('2026-11-24T06:00:00Z');
    const replay = valueOf(await engine.book(wanted));
    expect(replay).toMatchObject({
      isReplay: true,
      booking: { status: 'CANCELLED', tokenNumber: 1 },
    });
    expect(wordOf(await engine.book({ ...wanted, type: 'PAID' }))).toBe('IDEMPOTENCY_KEY_REUSED');
  });

  it('tries afresh after a refusal', async () => {
    await clinic.putSlot(slotHolding(bookingRecords(10)));
    const { patientId } = await clinic.newPatient();
    const wanted = { patientId, idempotencyKey: 'k2' };
    expect(wordOf(await engine.book(wanted))).toBe('SLOT_FULL');
    await engine.advanceVisit.execute({ bookingId: 'bk_1', to: 'CANCELLED' });
    expect(wordOf(await engine.book(wanted))).toBe(11);
  });
});

describe('opening and changing slots', () => {
  const RANGE = {
    doctorId: 'dr-rao',
    from: '2026-11-24',
    days: 2,
    weekdays: [2, 3],
    ranges: [{ start: '14:00', end: '17:30' }],
    slotMinutes: 60,
  };

  it('opens a range once, also when two open it at the same time', async () => {
    const both = await Promise.all([engine.openSlots.range(RANGE), engine.openSlots.range(RANGE)]);
    expect(both.map((outcome) => valueOf(outcome).opened).sort()).toEqual([0, 6]);
    expect(valueOf(await engine.openSlots.range(RANGE))).toEqual({ opened: 0, existing: 6 });
    expect(await clinic.slots.countDocuments()).toBe(7);
  });

  it('lets one of two win whose slots would overlap', async () => {
    const at = (start: string, end: string) =>
      engine.openSlots.one({ doctorId: 'dr-rao', date: '2026-11-25', start, end });
    const both = await Promise.all([at('09:00', '10:00'), at('09:30', '10:30')]);
    expect(both.map(({ ok }) => ok).sort()).toEqual([false, true]);
    const lost = both.find(({ ok }) => !ok);
    expect(lost).toMatchObject({ refusal: { code: 'SLOT_OVERLAPS' } });
  });

  it.each([
    [{ base: 8, premiumBuffer: 1, emergencyBuffer: 1 }, undefined],
    [{ base: 8, premiumBuffer: 1, emergencyBuffer: 0 }, 'CAPACITY_IN_USE'],
  ])('lowers the capacity to where all still fit: %j', async (capacity, code) => {
    await clinic.putSlot(slotHolding(bookingRecords(10)));
    const outcome = await engine.changeSlots.change(NINE, { capacity });
    expect(outcome.ok ? undefined : outcome.refusal.code).toBe(code);
  });
});
