/**
 * Goal: the database itself is the last fence: it refuses what no code should ever send, and lets a
 * claim be taken once. Method: raw writes that break one rule each, on collections made by the
 * migrations; the unique indexes raced for real.
 */
import { testMongoUri } from '@opd/testing';
import mongoose, { type mongo } from 'mongoose';
import { SpecClinic } from '../testing/clinic';
import { bookingRecord, bookingRecords, NINE, slotDocument, slotHolding } from '../testing/records';
import { migrate, type Migration } from './migrations';
import { bookingMigrations } from './slot-migrations';

let clinic: SpecClinic;
let slots: mongo.Collection;

beforeAll(async () => {
  clinic = await SpecClinic.open(testMongoUri());
  slots = clinic.db.collection('slots');
});

afterAll(() => clinic.close());

const REFUSED = { code: 121 };
const CLAIMED = { code: 11_000 };

describe('the validator of a slot', () => {
  beforeEach(() => clinic.slots.deleteMany({}));

  it.each([
    ['an empty slot', slotDocument()],
    ['a slot that is full to the last seat', slotHolding(bookingRecords(15))],
    ['a booking in every status', slotHolding(everyStatus())],
  ])('takes %s', async (_what, slot) => {
    await clinic.slots.insertOne(slot);
    expect(await clinic.slots.countDocuments()).toBe(1);
  });

  it.each<[string, mongo.Document]>([
    ['one booked too many', { bookedCount: 16 }],
    ['one below zero', { bookedCount: -1 }],
    ['half a booking', { bookedCount: 0.5 }],
    ['a count in words', { bookedCount: 'ten' }],
    ['no count', { bookedCount: undefined }],
    ['an unknown field', { overrideLimit: true }],
    [
      'a capacity below everybody booked',
      { bookedCount: 10, capacity: { base: 7, premiumBuffer: 1, emergencyBuffer: 1 } },
    ],
    ['a base of none', { capacity: { base: 0, premiumBuffer: 2, emergencyBuffer: 3 } }],
    ['a base beyond 200', { capacity: { base: 201, premiumBuffer: 2, emergencyBuffer: 3 } }],
    ['a buffer beyond 100', { capacity: { base: 10, premiumBuffer: 101, emergencyBuffer: 3 } }],
    ['a capacity in part', { capacity: { base: 10 } }],
    ['a status of its own', { status: 'PAUSED' }],
    ['a delay that is no yes or no', { isDelayed: 'true' }],
    ['a day written otherwise', { date: '24.11.2026' }],
    ['a time of day written otherwise', { start: '9 am' }],
    ['an instant in words', { startsAt: '2026-11-24T03:30:00Z' }],
    ['claims that are no list', { activePatients: 'pt_1' }],
    ['a claim that is no text', { activePatients: [7] }],
    [
      'more bookings than it may remember',
      { bookings: bookingRecords(201, { status: 'CANCELLED' }) },
    ],
    ['a booking of unknown type', { bookings: [{ ...bookingRecord(1), type: 'WALK_IN' }] }],
    ['a booking of unknown status', { bookings: [{ ...bookingRecord(1), status: 'LOST' }] }],
    ['a token number of none', { bookings: [{ ...bookingRecord(1), tokenNumber: 0 }] }],
    ['a booking with an unknown field', { bookings: [{ ...bookingRecord(1), phone: '+911' }] }],
    ['a booking by nobody', { bookings: [{ ...bookingRecord(1), bookedBy: undefined }] }],
    [
      'a booking by an unknown role',
      { bookings: [{ ...bookingRecord(1), bookedBy: { userId: 'u', role: 'ROOT' } }] },
    ],
  ])('refuses %s', async (_what, changes) => {
    const broken = { ...slotDocument(), ...changes } as mongo.Document;
    await expect(slots.insertOne(broken, { ignoreUndefined: true })).rejects.toMatchObject(REFUSED);
    expect(await slots.countDocuments()).toBe(0);
  });

  it('refuses an update that would overbook, and leaves the slot as it was', async () => {
    const full = slotHolding(bookingRecords(15));
    await clinic.slots.insertOne(full);
    const update = clinic.slots.updateOne({ _id: NINE }, { $inc: { bookedCount: 1 } });
    await expect(update).rejects.toMatchObject(REFUSED);
    expect(await clinic.rawSlot()).toEqual(full);
  });

  it.each([
    ['doctors', { _id: 'dr-x', name: 'X', specialty: 'Y' }],
    ['doctors', { _id: 'dr-x', name: 'X', specialty: 'Y', createdAt: new Date(), salary: 1 }],
    ['doctor_days', { _id: 'dr-x_2026-11-24', changes: -1 }],
  ])('of %s refuses what is no such document', async (name, document) => {
    const insert = clinic.db.collection(name).insertOne(document as mongo.Document);
    await expect(insert).rejects.toMatchObject(REFUSED);
  });
});

function everyStatus() {
  const at = new Date('2026-11-24T04:00:00Z');
  return [
    bookingRecord(1),
    bookingRecord(2, { status: 'CHECKED_IN', checkedInAt: at }),
    bookingRecord(3, { status: 'IN_CONSULTATION', startedAt: at }),
    bookingRecord(4, { status: 'COMPLETED', completedAt: at }),
    bookingRecord(5, { status: 'CANCELLED', cancelledAt: at, cancelReason: 'none' }),
    bookingRecord(6, { status: 'NOSHOW', noShowAt: at }),
    bookingRecord(7, { reinstatedAt: at, reinstateId: 'rq_1', idempotencyKey: 'k' }),
  ];
}

describe('the indexes of a slot', () => {
  it('are those of the design, the two claims unique and partial', async () => {
    const indexes = await slots.indexes();
    const unique = indexes.filter((index) => index['unique']);
    expect(unique).toEqual([
      expect.objectContaining({
        key: { doctorDay: 1, activePatients: 1 },
        partialFilterExpression: { activePatients: { $type: 'string' } },
      }),
      expect.objectContaining({
        key: { idempotencyKeys: 1 },
        partialFilterExpression: { idempotencyKeys: { $type: 'string' } },
      }),
    ]);
    expect(indexes.map(({ name }) => name).sort()).toEqual([
      '_id_',
      'active_bookings_of_patient',
      'booking_by_id',
      'bookings_of_patient',
      'one_active_booking_per_patient_doctor_day',
      'one_booking_per_idempotency_key',
      'slots_of_doctor',
    ]);
  });

  const starts = ['09:00', '10:00', '11:00'];

  it('let any number of empty slots of a day be', async () => {
    await clinic.resetMorning(starts);
    expect(await slots.countDocuments()).toBe(3);
  });

  it.each([
    ['claim', 'activePatients', 'pt_racer'],
    ['key', 'idempotencyKeys', 'k_racer'],
  ])(
    'give one %s once, of 200 who race over three slots with no other guard',
    async (_what, field, value) => {
      const ids = await clinic.resetMorning(starts);
      // The filter keeps one slot from taking the claim twice, which no unique index would.
      const race = Array.from({ length: 200 }, (_, index) =>
        clinic.slots.updateOne(
          { _id: ids[index % 3], [field]: { $ne: value } },
          { $push: { [field]: value } },
          { writeConcern: { w: 'majority' } },
        ),
      );
      const results = await Promise.allSettled(race);
      const won = results.filter((r) => r.status === 'fulfilled' && r.value.modifiedCount === 1);
      const refused = results.filter((r) => r.status === 'rejected');
      expect(won).toHaveLength(1);
      expect(refused.length).toBeGreaterThan(100);
      for (const { reason } of refused) expect(reason).toMatchObject(CLAIMED);
      expect(await slots.countDocuments({ [field]: value })).toBe(1);
    },
  );

  it.each([
    ['with another doctor', { doctorId: 'dr-iyer' }],
    ['on another day', { date: '2026-11-25' }],
  ])('let a patient have a claim %s', async (_where, times) => {
    await clinic.resetSlots(slotHolding([bookingRecord(1)]));
    await clinic.slots.insertOne(
      slotHolding([bookingRecord(1, { bookingId: 'bk_other' })], {}, times),
    );
    expect(await slots.countDocuments({ activePatients: 'pt_1' })).toBe(2);
  });
});

describe('migrate', () => {
  let other: mongo.MongoClient;

  beforeEach(async () => {
    other = await mongoose.mongo.MongoClient.connect(testMongoUri());
  });

  afterEach(async () => {
    await other.db().dropDatabase();
    await other.close();
  });

  const ids = bookingMigrations.map(({ id }) => id);
  const applied = () =>
    other.db().collection('schema_migrations').find().sort({ _id: 1 }).toArray();

  it('applies what is missing, once', async () => {
    expect(await migrate(other.db(), bookingMigrations)).toEqual(ids);
    expect(await migrate(other.db(), bookingMigrations)).toEqual([]);
    expect((await applied()).map(({ _id }) => String(_id))).toEqual([...ids].sort());
  });

  it('can be run by three processes at once on an empty database', async () => {
    await Promise.all([1, 2, 3].map(() => migrate(other.db(), bookingMigrations)));
    expect(await applied()).toHaveLength(ids.length);
    expect(await other.db().collection('slots').indexes()).toHaveLength(7);
  });

  it('can run every step again over what is there, and keeps the documents', async () => {
    await migrate(other.db(), bookingMigrations);
    await other
      .db()
      .collection('slots')
      .insertOne(slotHolding(bookingRecords(3)) as never);
    for (const step of bookingMigrations) await step.up(other.db());
    expect(await other.db().collection('slots').countDocuments()).toBe(1);
  });

  it('goes in order, remembers what it did, and takes up where it failed', async () => {
    const ran: string[] = [];
    let isBroken = true;
    const step = (id: string, up: Migration['up']): Migration => ({
      id,
      up: (db) => {
        ran.push(id);
        return up(db);
      },
    });
    const steps = [
      step('first', () => Promise.resolve()),
      step('second', () => (isBroken ? Promise.reject(new Error('no disk')) : Promise.resolve())),
      step('third', () => Promise.resolve()),
    ];
    await expect(migrate(other.db(), steps)).rejects.toThrow('no disk');
    isBroken = false;
    expect(await migrate(other.db(), steps)).toEqual(['second', 'third']);
    expect(ran).toEqual(['first', 'second', 'second', 'third']);
  });
});
