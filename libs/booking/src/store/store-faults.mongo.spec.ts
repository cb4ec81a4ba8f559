/**
 * Goal: whatever MongoDB or the way to it does to a write, its outcome is called clear only where it
 * is: "not sent" where nothing left, "refused" where the server says so, "unknown" for all the rest;
 * and what is told then is what is stored. Method: a mongod of the suite's own, whose fail point
 * `failCommand` breaks single commands before or after they take effect; real timers.
 */
import { OutcomeUnknownError, StoreUnavailableError } from '@opd/contracts';
import { auditSlots, spawnTestMongod } from '@opd/testing';
import { systemClock } from '../clock';
import type { SlotWrite } from '../rounds/round-store';
import { countOf, SpecClinic, valueOf, wordOf, type Engine } from '../testing/clinic';
import { FailPoint, type CommandFault } from '../testing/fail-point';
import {
  bookingRecord,
  bookingRecords,
  DAY,
  NINE,
  slotDocument,
  slotHolding,
  TEN,
} from '../testing/records';
import { MongoRoundStore, receiptOf } from './mongo-round-store';
import { SlotReads } from './slot-reads';
import { reading, writing } from './store-faults';
import { VisitSteps } from './visit-steps';

let mongod: Awaited<ReturnType<typeof spawnTestMongod>>;
let uri: string;
let clinic: SpecClinic;
let engine: Engine;
let store: MongoRoundStore;
let failing: FailPoint;

beforeAll(async () => {
  mongod = await spawnTestMongod();
  uri = mongod.uri.replace('/?', '/store_faults?');
  clinic = await SpecClinic.open(uri);
  engine = clinic.engine();
  store = new MongoRoundStore(clinic.slots, systemClock);
  failing = await FailPoint.on(uri);
});

afterAll(async () => {
  await Promise.all([clinic.close(), failing.close()]);
  await mongod.stop();
});

beforeEach(async () => {
  await untilHealed();
  await clinic.resetSlots(slotDocument(), slotDocument({ start: '10:00' }));
});

/** After an error that speaks of a new primary the driver looks for it, for a moment. */
async function untilHealed(): Promise<void> {
  for (let tries = 0; tries < 10; tries += 1)
    if (await clinic.db.command({ ping: 1 }).then(Boolean, () => false)) return;
}

const WRITE: SlotWrite = {
  slotId: NINE,
  doctorDay: `dr-rao_${DAY}`,
  version: 0,
  bookings: [bookingRecord(1)],
  reinstatements: [],
};
const LOST_MAJORITY = { code: 64, errmsg: 'waiting for replication timed out' };

/** What breaks a command, and whether it takes effect all the same. */
const FAULTS: [name: string, fault: Omit<CommandFault, 'failCommands'>, applies: boolean][] = [
  ['a connection that closes before the write', { closeConnection: true }, false],
  ['a primary that steps down before the write', { errorCode: 10_107 }, false],
  ['a server that shuts down', { errorCode: 91 }, false],
  ['an operation that was interrupted', { errorCode: 11_602 }, false],
  ['an error that nobody has heard of', { errorCode: 8_000 }, false],
  ['a majority that does not answer', { writeConcernError: LOST_MAJORITY }, true],
];

describe('a bulk write', () => {
  it.each(FAULTS)('is UNCLEAR after %s', async (_name, fault, applies) => {
    const receipt = await failing.during({ failCommands: ['update'], ...fault }, () =>
      store.writeRound([WRITE]),
    );
    expect(receipt).toMatchObject({ outcome: 'UNCLEAR', refused: new Map() });
    // What is applied without a majority shows in a majority read only a moment later.
    if (applies) await untilBooked(1);
    else expect((await clinic.rawSlot()).bookedCount).toBe(0);
  });

  it('finds the claim that hides behind a lost majority', async () => {
    await clinic.resetSlots(slotHolding([bookingRecord(1)]), slotDocument({ start: '10:00' }));
    const claimed = { ...WRITE, slotId: TEN, bookings: [bookingRecord(2, { patientId: 'pt_1' })] };
    const receipt = await failing.during(
      { failCommands: ['update'], writeConcernError: LOST_MAJORITY },
      () => store.writeRound([{ ...WRITE, version: 1, bookings: [bookingRecord(3)] }, claimed]),
    );
    expect(receipt).toMatchObject({ outcome: 'UNCLEAR', refused: new Map([[TEN, 'CLAIMED']]) });
    await untilBooked(2);
  });

  it('that takes too long is UNCLEAR within 2 s, and may land after that', async () => {
    const fault = { failCommands: ['update'], blockConnection: true, blockTimeMS: 3_000 };
    let tookMs = 0;
    const work = async () => {
      const startedMs = performance.now();
      const receipt = await store.writeRound([WRITE]);
      tookMs = performance.now() - startedMs;
      return receipt;
    };
    const receipt = await failing.during(fault, work, 1);
    expect(receipt).toMatchObject({ outcome: 'UNCLEAR', refused: new Map() });
    expect(tookMs).toBeLessThan(2_900);
    await untilBooked(1);
  });

  it('is NOT_SENT by a client that was closed', async () => {
    const closed = await SpecClinic.open(uri);
    const { slots } = closed;
    await closed.connection.close();
    const receipt = await new MongoRoundStore(slots, systemClock).writeRound([WRITE]);
    expect(receipt).toMatchObject({ outcome: 'UNCLEAR', refused: new Map([[NINE, 'NOT_SENT']]) });
  });

  it('is UNCLEAR for any error that is none of the driver', () => {
    expect(receiptOf(new Error('?'), [WRITE])).toMatchObject({ refused: new Map() });
    expect(receiptOf(undefined, [WRITE])).toMatchObject({ outcome: 'UNCLEAR', refused: new Map() });
  });
});

describe('a booking whose write meets', () => {
  it.each(FAULTS)('%s is booked once, and never denied', async (_name, fault) => {
    const { patientId } = await clinic.newPatient();
    const book = () => engine.book({ patientId, idempotencyKey: `k_${patientId}` });
    const outcome = await failing.during({ failCommands: ['update'], ...fault }, book, 1);
    // Where the driver looks for its primary for longer than a request lives, nothing is claimed.
    expect([1, 'OUTCOME_UNKNOWN']).toContain(wordOf(outcome));
    await untilHealed();
    expect(wordOf(await book())).toBe(1);
    expect(await auditSlots(clinic.db, { bookedCounts: { [NINE]: 1 } })).toEqual([]);
  });

  it('a fault that stays is UNKNOWN at the deadline, and nothing lands after that', async () => {
    const { patientId } = await clinic.newPatient();
    const startedMs = performance.now();
    const outcome = await failing.during({ failCommands: ['update'], closeConnection: true }, () =>
      engine.book({ patientId, idempotencyKey: 'again' }),
    );
    expect(wordOf(outcome)).toBe('OUTCOME_UNKNOWN');
    expect(performance.now() - startedMs).toBeLessThan(3_000);
    // Asking again with the key settles it.
    expect(wordOf(await engine.book({ patientId, idempotencyKey: 'again' }))).toBe(1);
    expect(await auditSlots(clinic.db, { bookedCounts: { [NINE]: 1 } })).toEqual([]);
  });

  it('a majority that never answers is UNKNOWN, never denied, and found by its key', async () => {
    const { patientId } = await clinic.newPatient();
    // The read that would find the booking fails too, for as long as the request lives.
    const fault = { failCommands: ['update'], writeConcernError: LOST_MAJORITY };
    const outcome = await failing.during(fault, async () => {
      const booking = engine.book({ patientId, idempotencyKey: 'k' });
      await untilBooked(1);
      return failing.during({ failCommands: ['find'], errorCode: 50 }, () => booking);
    });
    // Either the read came before the second fault, or nothing is known until the deadline.
    expect(['OUTCOME_UNKNOWN', 1]).toContain(wordOf(outcome));
    const again = valueOf(await engine.book({ patientId, idempotencyKey: 'k' }));
    expect(again).toMatchObject({ isReplay: true, booking: { tokenNumber: 1 } });
  });

  it('a fault among a hundred others still sells every seat once', async () => {
    const patients = await clinic.newPatients(60);
    const outcomes = await failing.during(
      { failCommands: ['update'], writeConcernError: LOST_MAJORITY },
      () => Promise.all(patients.map(({ patientId }) => engine.book({ patientId }))),
      2,
    );
    const counts = countOf(outcomes.map((outcome) => (outcome.ok ? 'booked' : wordOf(outcome))));
    expect(counts).toEqual({ booked: 10, SLOT_FULL: 50 });
    expect(await auditSlots(clinic.db, { bookedCounts: { [NINE]: 10 } })).toEqual([]);
  });

  it('a read that fails is not booked, and never is', async () => {
    const { patientId } = await clinic.newPatient();
    const outcome = await failing.during({ failCommands: ['find'], errorCode: 50 }, () =>
      engine.book({ patientId }).catch((error: unknown) => error),
    );
    expect(outcome).toMatchObject({ code: 'STORE_UNAVAILABLE' });
    expect((await clinic.rawSlot()).bookings).toEqual([]);
  });
});

async function untilBooked(count: number): Promise<void> {
  for (let tries = 0; tries < 400; tries += 1) {
    if ((await clinic.rawSlot()).bookedCount === count) return;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  throw new Error(`${count} booked was never seen`);
}

describe('a step of a visit whose update meets', () => {
  beforeEach(() => clinic.putSlot(slotHolding(bookingRecords(3))));

  it.each(FAULTS)('%s is taken once', async (_name, fault) => {
    const step = { bookingId: 'bk_2', to: 'CANCELLED' } as const;
    const cancel = () => engine.advanceVisit.execute(step);
    const told = await failing
      .during({ failCommands: ['findAndModify'], ...fault }, cancel, 1)
      .catch((error: unknown) => error);
    if (told instanceof Error) expect(told).toBeInstanceOf(OutcomeUnknownError);
    await untilHealed();
    expect(await cancel()).toMatchObject({ ok: true, value: { status: 'CANCELLED' } });
    expect(await clinic.rawSlot()).toMatchObject({
      bookedCount: 2,
      activePatients: ['pt_1', 'pt_3'],
    });
    expect(await auditSlots(clinic.db)).toEqual([]);
  });

  it('a fault that stays is OutcomeUnknownError, and repeating it frees one seat', async () => {
    const step = { bookingId: 'bk_2', to: 'CANCELLED' } as const;
    const work = failing.during({ failCommands: ['findAndModify'], closeConnection: true }, () =>
      engine.advanceVisit.execute(step),
    );
    await expect(work).rejects.toThrow(OutcomeUnknownError);
    valueOf(await engine.advanceVisit.execute(step));
    valueOf(await engine.advanceVisit.execute(step));
    expect(await clinic.rawSlot()).toMatchObject({ bookedCount: 2 });
  });

  it('a lost answer, cancelled by fifty at once, frees one seat', async () => {
    const step = { bookingId: 'bk_2', to: 'CANCELLED' } as const;
    const outcomes = await failing.during(
      { failCommands: ['findAndModify'], writeConcernError: LOST_MAJORITY },
      () => Promise.all(Array.from({ length: 50 }, () => engine.advanceVisit.execute(step))),
      20,
    );
    expect(outcomes.every(({ ok }) => ok)).toBe(true);
    expect(await clinic.rawSlot()).toMatchObject({ bookedCount: 2 });
    expect(await auditSlots(clinic.db)).toEqual([]);
  });

  it('another step behind its own lost one is never called impossible', async () => {
    const steps = new VisitSteps(
      clinic.slots,
      new SlotReads(clinic.slots, systemClock),
      systemClock,
    );
    const work = failing.during(
      { failCommands: ['findAndModify'], writeConcernError: LOST_MAJORITY },
      async () => {
        const cancel = steps.take({ bookingId: 'bk_2', to: 'CHECKED_IN' });
        // Somebody cancels before the lost step is looked up again.
        const at = { _id: NINE, 'bookings.bookingId': 'bk_2', 'bookings.status': 'CHECKED_IN' };
        const gone = { $set: { 'bookings.1.status': 'CANCELLED' } } as never;
        let done = 0;
        for (let tries = 0; tries < 200 && done === 0; tries += 1)
          done = (await clinic.slots.updateOne(at, gone)).modifiedCount;
        return cancel;
      },
      1,
    );
    // It was taken, whatever came after it: DONE, or "not known", but no refusal.
    const told = await work.catch((error: unknown) => error);
    if (told instanceof Error) expect(told).toBeInstanceOf(OutcomeUnknownError);
    else expect(told).toMatchObject({ outcome: 'DONE' });
  });

  it.each([
    ['capacity', { capacity: { base: 5, premiumBuffer: 0, emergencyBuffer: 0 } }],
    ['status', { status: 'CLOSED' as const }],
  ])('%s of a slot is changed once, though the answer is lost', async (_what, change) => {
    const outcome = await failing.during(
      { failCommands: ['findAndModify'], writeConcernError: LOST_MAJORITY },
      () => engine.changeSlots.change(NINE, change),
      1,
    );
    expect(outcome).toMatchObject({ ok: true, value: change });
    expect(await clinic.rawSlot()).toMatchObject({ version: 4, ...change });
  });

  it('a doctor who is added by a write that got lost is OutcomeUnknownError', async () => {
    const doctor = { doctorId: 'dr-iyer', name: 'Dr. Iyer', specialty: 'Paediatrics' };
    const work = failing.during(
      { failCommands: ['insert'], writeConcernError: LOST_MAJORITY },
      () => engine.keepDoctors.add(doctor),
    );
    await expect(work).rejects.toThrow(OutcomeUnknownError);
    expect(await engine.keepDoctors.add(doctor)).toMatchObject({
      refusal: { code: 'ALREADY_EXISTS' },
    });
  });
});

describe('reading and writing', () => {
  const never = new Promise<never>(() => undefined);

  it('give up after their time', async () => {
    await expect(reading(systemClock, never, 20)).rejects.toThrow(StoreUnavailableError);
    await expect(writing(systemClock, never, 20)).rejects.toThrow(OutcomeUnknownError);
  });

  it.each([50, 8_000, 11_602])('read error %d is StoreUnavailableError', async (errorCode) => {
    const work = failing.during({ failCommands: ['find'], errorCode }, () =>
      engine.readSlots.one(NINE),
    );
    await expect(work).rejects.toThrow(StoreUnavailableError);
  });

  it('a read without a server is StoreUnavailableError, and one with it again works', async () => {
    const work = failing.during({ failCommands: ['find'], closeConnection: true }, () =>
      engine.readSlots.one(NINE),
    );
    await expect(work).rejects.toThrow(StoreUnavailableError);
    expect(valueOf(await engine.readSlots.one(NINE)).slotId).toBe(NINE);
  });
});
