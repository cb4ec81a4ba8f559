/**
 * Goal: a round reads in one command and writes in one, and each slot's update takes effect only
 * where all that its decision rested on still holds. Method: the store itself on a real MongoDB,
 * commands counted by the driver's own monitoring, documents read raw afterwards.
 */
import { auditSlots, testMongoUri } from '@opd/testing';
import type { mongo } from 'mongoose';
import { systemClock } from '../clock';
import type { RoundQuery, SlotWrite, WriteReceipt } from '../rounds/round-store';
import { SpecClinic } from '../testing/clinic';
import {
  bookingRecord,
  bookingRecords,
  DAY,
  NINE,
  slotDocument,
  slotHolding,
  TEN,
} from '../testing/records';
import { MongoRoundStore } from './mongo-round-store';
import { SlotReads } from './slot-reads';
import { VisitSteps } from './visit-steps';

let clinic: SpecClinic;
let store: MongoRoundStore;
let steps: VisitSteps;
const commands: mongo.CommandStartedEvent[] = [];

beforeAll(async () => {
  const uri = new URL(testMongoUri());
  uri.searchParams.set('monitorCommands', 'true');
  clinic = await SpecClinic.open(uri.href);
  clinic.connection.getClient().on('commandStarted', (event) => commands.push(event));
  store = new MongoRoundStore(clinic.slots, systemClock);
  steps = new VisitSteps(clinic.slots, new SlotReads(clinic.slots, systemClock), systemClock);
});

afterAll(() => clinic.close());

beforeEach(() => clinic.resetSlots());

const NOBODY: RoundQuery = { slotIds: [], patientIds: [], idempotencyKeys: [], fromDay: DAY };

function bookingWrite(changes: Partial<SlotWrite> = {}): SlotWrite {
  return {
    slotId: NINE,
    doctorDay: `dr-rao_${DAY}`,
    version: 0,
    bookings: [bookingRecord(1)],
    reinstatements: [],
    ...changes,
  };
}

const reinstatement = (bookingId: string, patientId: string) => ({
  bookingId,
  patientId,
  reinstateId: 'rq_back',
  at: new Date('2026-11-24T04:00:00Z'),
});

const refusedOf = (receipt: WriteReceipt) =>
  receipt.outcome === 'UNCLEAR' ? Object.fromEntries(receipt.refused) : receipt.outcome;

describe('readRound', () => {
  const claim = slotHolding([bookingRecord(4, { patientId: 'pt_claim' })], {}, { start: '11:00' });
  const keyed = slotHolding(
    [bookingRecord(5, { idempotencyKey: 'k', status: 'CANCELLED' })],
    {},
    { start: '12:00', date: '2026-11-20' },
  );

  beforeEach(() => clinic.resetSlots(slotDocument(), claim, keyed));

  it('brings slots, claims and keys in one find, at majority and from the primary', async () => {
    commands.length = 0;
    const view = await store.readRound({
      slotIds: [NINE],
      patientIds: ['pt_claim', 'pt_new'],
      idempotencyKeys: ['k', 'unused'],
      fromDay: DAY,
    });
    expect(view.slot(NINE)).toMatchObject({ _id: NINE, version: 0, bookings: [] });
    expect(view.activeBookingsOf('pt_claim')).toMatchObject([
      { slot: { _id: claim._id }, booking: { bookingId: 'bk_4' } },
    ]);
    expect(view.bookingUnder('k')).toMatchObject({ booking: { bookingId: 'bk_5' } });
    expect(view.activeBookingsOf('pt_new')).toEqual([]);
    expect(view.bookingUnder('unused')).toBeUndefined();

    expect(commands.map(({ commandName }) => commandName)).toEqual(['find']);
    expect(commands[0]?.command).toMatchObject({
      find: 'slots',
      readConcern: { level: 'majority' },
      maxTimeMS: 1_500,
    });
    expect(commands[0]?.command).not.toHaveProperty('$readPreference.mode', 'secondary');
  });

  it('uses an index for each of its three questions, and scans nothing', async () => {
    commands.length = 0;
    await store.readRound({
      ...NOBODY,
      slotIds: [NINE],
      patientIds: ['p'],
      idempotencyKeys: ['k'],
    });
    const { filter } = commands[0]?.command as { filter: mongo.Filter<{ _id: string }> };
    const plan = JSON.stringify(
      await clinic.db
        .collection('slots')
        .find(filter as object)
        .explain(),
    );
    expect(plan).not.toContain('COLLSCAN');
    for (const index of ['_id_', 'active_bookings_of_patient', 'one_booking_per_idempotency_key'])
      expect(plan).toContain(index);
  });

  it.each([
    ['2026-11-23', 1],
    ['2026-11-24', 1],
    ['2026-11-25', 0],
  ])('finds claims from %s on: %d', async (fromDay, count) => {
    const view = await store.readRound({ ...NOBODY, patientIds: ['pt_claim'], fromDay });
    expect(view.activeBookingsOf('pt_claim')).toHaveLength(count);
  });

  it('finds a key on whatever day', async () => {
    const view = await store.readRound({
      ...NOBODY,
      idempotencyKeys: ['k'],
      fromDay: '2027-01-01',
    });
    expect(view.bookingUnder('k')?.slot._id).toBe(keyed._id);
  });

  it('leaves out what a decision does not need: claims, keys and the reasons of cancels', async () => {
    const cancelled = bookingRecord(1, { status: 'CANCELLED', cancelReason: 'private' });
    await clinic.resetSlots(slotHolding([cancelled]));
    const view = await store.readRound({ ...NOBODY, slotIds: [NINE] });
    expect(view.slot(NINE)).not.toHaveProperty('activePatients');
    expect(view.slot(NINE)).not.toHaveProperty('idempotencyKeys');
    expect(JSON.stringify(view.slot(NINE))).not.toContain('private');
  });

  it('finds nothing for a slot that is not there', async () => {
    expect(
      (await store.readRound({ ...NOBODY, slotIds: ['nowhere'] })).slot('nowhere'),
    ).toBeUndefined();
  });
});

describe('writeRound', () => {
  it('sends many slots in one update command, with a majority and a time limit', async () => {
    await clinic.resetSlots(slotDocument(), slotDocument({ start: '10:00' }));
    commands.length = 0;
    const receipt = await store.writeRound([
      bookingWrite({ bookings: bookingRecords(3) }),
      bookingWrite({
        slotId: TEN,
        bookings: [bookingRecord(1, { bookingId: 'bk_t', patientId: 'pt_t' })],
      }),
    ]);
    expect(receipt).toEqual({ outcome: 'ACKNOWLEDGED' });
    expect(commands.map(({ commandName }) => commandName)).toEqual(['update']);
    expect(commands[0]?.command).toMatchObject({
      ordered: false,
      writeConcern: { w: 'majority' },
    });
    expect(await clinic.rawSlot()).toMatchObject({
      version: 1,
      bookedCount: 3,
      lastTokenNumber: 3,
    });
    expect(await clinic.rawSlot(TEN)).toMatchObject({ version: 1, bookedCount: 1 });
    expect(await auditSlots(clinic.db)).toEqual([]);
  });

  it('stores a booking whole, with its claim and its key', async () => {
    const booking = bookingRecord(1, { idempotencyKey: 'k' });
    await store.writeRound([bookingWrite({ bookings: [booking] })]);
    expect(await clinic.rawSlot()).toMatchObject({
      activePatients: ['pt_1'],
      idempotencyKeys: ['k'],
      bookings: [booking],
    });
  });

  const standing = () => slotHolding([bookingRecord(1, { idempotencyKey: 'k' })]);
  const second = bookingRecord(2);

  it.each<[string, Partial<SlotWrite>]>([
    ['an older version', { version: 0, bookings: [second] }],
    ['a newer version', { version: 2, bookings: [second] }],
    ['a patient who is in', { version: 1, bookings: [{ ...second, patientId: 'pt_1' }] }],
    [
      'one of many patients in',
      { version: 1, bookings: [second, { ...second, patientId: 'pt_1' }] },
    ],
    ['a key that is in', { version: 1, bookings: [{ ...second, idempotencyKey: 'k' }] }],
    ['another day', { version: 1, bookings: [second], doctorDay: 'dr-rao_2026-11-25' }],
    ['a slot that is not there', { slotId: 'nowhere', version: 1, bookings: [second] }],
    ['a fence of an older version', { version: 0, bookings: [] }],
  ])('guarded by %s matches nothing and changes nothing', async (_what, changes) => {
    await clinic.resetSlots(standing());
    const receipt = await store.writeRound([bookingWrite(changes)]);
    expect(receipt).toMatchObject({ outcome: 'UNCLEAR', cause: 'A guard did not match' });
    expect(refusedOf(receipt)).toEqual({});
    expect(await clinic.rawSlot()).toEqual(standing());
  });

  it('lands the others where one guard is missed, and still does not call it a success', async () => {
    await clinic.resetSlots(standing(), slotDocument({ start: '10:00' }));
    const receipt = await store.writeRound([
      bookingWrite({ version: 0, bookings: [second] }),
      bookingWrite({ slotId: TEN, bookings: [second] }),
    ]);
    expect(receipt.outcome).toBe('UNCLEAR');
    expect(await clinic.rawSlot(TEN)).toMatchObject({ bookedCount: 1, version: 1 });
  });

  it('raises only the version as a fence', async () => {
    await clinic.resetSlots(standing());
    const receipt = await store.writeRound([bookingWrite({ version: 1, bookings: [] })]);
    expect(receipt).toEqual({ outcome: 'ACKNOWLEDGED' });
    expect(await clinic.rawSlot()).toEqual({ ...standing(), version: 2 });
  });

  it('counts by increments, so that a cancel between read and write is not undone', async () => {
    await clinic.resetSlots(slotHolding(bookingRecords(9)));
    const { version } = await clinic.rawSlot();
    await steps.take({ bookingId: 'bk_4', to: 'CANCELLED' });
    const receipt = await store.writeRound([
      bookingWrite({ version, bookings: [bookingRecord(10)] }),
    ]);
    expect(receipt).toEqual({ outcome: 'ACKNOWLEDGED' });
    expect(await clinic.rawSlot()).toMatchObject({ bookedCount: 9, lastTokenNumber: 10 });
    expect(await auditSlots(clinic.db, { bookedCounts: { [NINE]: 9 } })).toEqual([]);
  });

  it.each<[string, Partial<typeof second>]>([
    ['claim', { patientId: 'pt_1' }],
    ['key', { idempotencyKey: 'k' }],
  ])(
    'is CLAIMED for the slot whose %s lies in another one, and lands the others',
    async (_what, changes) => {
      const eleven = slotDocument({ start: '11:00' });
      await clinic.resetSlots(standing(), slotDocument({ start: '10:00' }), eleven);
      const receipt = await store.writeRound([
        bookingWrite({ slotId: TEN, bookings: [{ ...second, ...changes }] }),
        bookingWrite({ slotId: eleven._id, bookings: [bookingRecord(3)] }),
      ]);
      expect(refusedOf(receipt)).toEqual({ [TEN]: 'CLAIMED' });
      expect(await clinic.rawSlot(TEN)).toEqual(slotDocument({ start: '10:00' }));
      expect(await clinic.rawSlot(eleven._id)).toMatchObject({ bookedCount: 1 });
    },
  );

  it('is INVALID for the slot whose document MongoDB refuses, and lands the others', async () => {
    await clinic.resetSlots(slotHolding(bookingRecords(15)), slotDocument({ start: '10:00' }));
    const receipt = await store.writeRound([
      bookingWrite({ version: 15, bookings: [bookingRecord(16)] }),
      bookingWrite({ slotId: TEN, bookings: [bookingRecord(17, { tokenNumber: 1 })] }),
    ]);
    expect(refusedOf(receipt)).toEqual({ [NINE]: 'INVALID' });
    expect(await clinic.rawSlot()).toMatchObject({ bookedCount: 15, version: 15 });
    expect(await clinic.rawSlot(TEN)).toMatchObject({ bookedCount: 1 });
  });
});

describe('a missed visit taken back', () => {
  const missed = (number: number) =>
    bookingRecord(number, { status: 'NOSHOW', noShowAt: new Date('2026-11-24T03:50:00Z') });
  const slot = () => slotHolding([bookingRecord(1), missed(2), missed(3)]);
  const write = (changes: Partial<SlotWrite> = {}) =>
    bookingWrite({
      version: 3,
      bookings: [],
      reinstatements: [reinstatement('bk_2', 'pt_2')],
      ...changes,
    });

  beforeEach(() => clinic.resetSlots(slot()));

  it('takes a seat, the claim and its old token, and no other booking changes', async () => {
    expect(await store.writeRound([write()])).toEqual({ outcome: 'ACKNOWLEDGED' });
    const after = await clinic.rawSlot();
    expect(after).toMatchObject({ bookedCount: 2, lastTokenNumber: 3, version: 4 });
    expect(after.activePatients).toEqual(['pt_1', 'pt_2']);
    const rest = missed(2);
    delete rest.noShowAt;
    const back = {
      ...rest,
      status: 'BOOKED',
      reinstatedAt: new Date('2026-11-24T04:00:00Z'),
      reinstateId: 'rq_back',
    };
    expect(after.bookings).toEqual([bookingRecord(1), back, missed(3)]);
    expect(await auditSlots(clinic.db)).toEqual([]);
  });

  it('goes with others in one update', async () => {
    const reinstatements = [reinstatement('bk_2', 'pt_2'), reinstatement('bk_3', 'pt_3')];
    expect(await store.writeRound([write({ reinstatements })])).toEqual({
      outcome: 'ACKNOWLEDGED',
    });
    expect(await clinic.rawSlot()).toMatchObject({ bookedCount: 3 });
    expect(await auditSlots(clinic.db)).toEqual([]);
  });

  it.each<[string, Partial<SlotWrite>]>([
    ['an older version', { version: 2 }],
    ['a booking that is not missed', { reinstatements: [reinstatement('bk_1', 'pt_9')] }],
    [
      'one missed and one not',
      { reinstatements: [reinstatement('bk_2', 'pt_2'), reinstatement('bk_1', 'pt_9')] },
    ],
    ['a patient who is in', { reinstatements: [reinstatement('bk_2', 'pt_1')] }],
  ])('guarded by %s changes nothing', async (_what, changes) => {
    expect((await store.writeRound([write(changes)])).outcome).toBe('UNCLEAR');
    expect(await clinic.rawSlot()).toEqual(slot());
  });

  it('is CLAIMED where the patient booked in another slot meanwhile', async () => {
    await clinic.slots.insertOne(
      slotHolding([bookingRecord(9, { patientId: 'pt_2' })], {}, { start: '10:00' }),
    );
    expect(refusedOf(await store.writeRound([write()]))).toEqual({ [NINE]: 'CLAIMED' });
    expect(await clinic.rawSlot()).toEqual(slot());
  });
});
