/**
 * Goal: the oracle sees each broken rule, and nothing where nothing is broken; else every suite that
 * trusts it proves nothing.
 * Method: sound documents are written raw into a real MongoDB, without the indexes and validators
 * that guard the real collection, and one defect at a time is planted into them. The findings must
 * be exactly the rules that this defect breaks.
 */
import mongoose, { type mongo } from 'mongoose';
import { auditSlots, type AuditExpectations } from './audit';
import { testMongoUri } from './servers';

type Raw = Record<string, unknown>;

const FIRST = 'dr-rao_2026-11-24_0900';
const SECOND = 'dr-rao_2026-11-24_1000';

function booking(tokenNumber: number, status: string, more: Raw = {}): Raw {
  return {
    bookingId: `b-${tokenNumber}`,
    patientId: `p-${tokenNumber}`,
    type: 'ONLINE',
    tier: 'STANDARD',
    status,
    tokenNumber,
    bookedAt: new Date(Date.UTC(2026, 10, 23, 4, tokenNumber)),
    bookedBy: { userId: `p-${tokenNumber}`, role: 'PATIENT' },
    ...more,
  };
}

/** A slot with one booking in each status and tier, as it should lie there. */
function soundSlot() {
  return {
    _id: FIRST,
    doctorId: 'dr-rao',
    date: '2026-11-24',
    start: '09:00',
    end: '10:00',
    startsAt: new Date('2026-11-24T03:30:00Z'),
    endsAt: new Date('2026-11-24T04:30:00Z'),
    doctorDay: 'dr-rao_2026-11-24',
    status: 'OPEN',
    capacity: { base: 2, premiumBuffer: 1, emergencyBuffer: 1 },
    isDelayed: true,
    delayMinutes: 20,
    bookedCount: 4,
    lastTokenNumber: 6,
    version: 9,
    activePatients: ['p-6', 'p-1', 'p-2'],
    idempotencyKeys: ['key-1', 'key-5'],
    bookings: [
      booking(1, 'BOOKED', { idempotencyKey: 'key-1' }),
      booking(2, 'CHECKED_IN', { type: 'WALKIN' }),
      booking(3, 'COMPLETED', { type: 'PAID', tier: 'PREMIUM' }),
      booking(4, 'CANCELLED', { type: 'FOLLOWUP', tier: 'PREMIUM' }),
      booking(5, 'NOSHOW', { idempotencyKey: 'key-5' }),
      booking(6, 'IN_CONSULTATION', { type: 'EMERGENCY', tier: 'CRITICAL' }),
    ],
  };
}

/** Another slot of the same doctor and day, with one booking. */
function secondSlot() {
  return {
    ...soundSlot(),
    _id: SECOND,
    ...{ start: '10:00', end: '11:00' },
    startsAt: new Date('2026-11-24T04:30:00Z'),
    endsAt: new Date('2026-11-24T05:30:00Z'),
    ...{ bookedCount: 1, lastTokenNumber: 1, version: 1 },
    ...{ activePatients: ['p-20'], idempotencyKeys: ['key-20'] },
    bookings: [
      booking(1, 'BOOKED', { bookingId: 'b-other', patientId: 'p-20', idempotencyKey: 'key-20' }),
    ],
  };
}

type Defect = [name: string, update: Raw, rules: string[]];

const set = (fields: Raw): Raw => ({ $set: fields });

const DEFECTS: Defect[] = [
  ['a field that is missing', { $unset: { bookings: 1 } }, ['SHAPE']],
  ['a count that is a string', set({ bookedCount: '4' }), ['SHAPE']],
  ['a booking without a patient', { $unset: { 'bookings.0.patientId': 1 } }, ['SHAPE']],
  ['a doctorDay of another day', set({ doctorDay: 'dr-rao_2026-11-25' }), ['IDENTITY']],
  ['an id of another doctor', set({ doctorId: 'dr-iyer' }), ['IDENTITY']],
  ['an id of another start', set({ start: '08:00' }), ['IDENTITY']],
  ['an end before the start', set({ endsAt: new Date(0) }), ['IDENTITY']],
  ['a slot status that nobody knows', set({ status: 'OPENED' }), ['STATUS']],
  ['a booking status that nobody knows', set({ 'bookings.3.status': 'CANCELED' }), ['STATUS']],
  ['half a delay', set({ delayMinutes: 2.5 }), ['COUNTER']],
  ['a negative version', set({ version: -1 }), ['COUNTER']],
  ['a negative buffer', set({ 'capacity.premiumBuffer': -1, 'capacity.base': 4 }), ['COUNTER']],
  ['a count that is not a number', set({ bookedCount: NaN }), ['SHAPE']],
  ['a seat given back twice', { $inc: { bookedCount: -1 } }, ['BOOKED_COUNT']],
  [
    'a seat never given back',
    set({ 'bookings.1.status': 'CANCELLED', activePatients: ['p-1', 'p-6'] }),
    ['BOOKED_COUNT'],
  ],
  ['a count below none', set({ bookedCount: -1 }), ['BOOKED_COUNT', 'COUNTER']],
  ['fewer seats than bookings', set({ 'capacity.base': 1 }), ['OVERBOOKED']],
  ['a count above the seats', set({ bookedCount: 5 }), ['BOOKED_COUNT', 'OVERBOOKED']],
  [
    'a booking beyond the count',
    { $push: { bookings: booking(7, 'COMPLETED') }, $inc: { lastTokenNumber: 1 } },
    ['BOOKED_COUNT', 'OVERBOOKED'],
  ],
  ['a token given twice', set({ 'bookings.1.tokenNumber': 1 }), ['TOKEN']],
  [
    'a token of a cancelled booking used again',
    set({ 'bookings.5.tokenNumber': 4 }),
    ['TOKEN', 'TOKEN_ORDER'],
  ],
  ['a token above the last', set({ lastTokenNumber: 5 }), ['TOKEN']],
  ['a token of nought', set({ 'bookings.0.tokenNumber': 0 }), ['TOKEN']],
  ['a broken token', set({ 'bookings.0.tokenNumber': 1.5 }), ['TOKEN']],
  [
    'tokens out of order',
    set({ 'bookings.0.tokenNumber': 2, 'bookings.1.tokenNumber': 1 }),
    ['TOKEN_ORDER'],
  ],
  ['a tier above the type', set({ 'bookings.0.tier': 'CRITICAL' }), ['TIER']],
  ['a type that nobody knows', set({ 'bookings.0.type': 'WALK_IN' }), ['TIER']],
  ['a claim that is missing', { $pull: { activePatients: 'p-2' } }, ['ACTIVE_PATIENTS']],
  ['a claim of a cancelled booking', { $push: { activePatients: 'p-4' } }, ['ACTIVE_PATIENTS']],
  ['a claim of a completed booking', { $push: { activePatients: 'p-3' } }, ['ACTIVE_PATIENTS']],
  ['a claim made twice', { $push: { activePatients: 'p-1' } }, ['ACTIVE_PATIENTS']],
  [
    'two active bookings of a patient in one slot',
    set({ 'bookings.1.patientId': 'p-1', activePatients: ['p-1', 'p-1', 'p-6'] }),
    ['ACTIVE_PATIENTS', 'ONE_ACTIVE_BOOKING'],
  ],
  [
    'an active booking in another slot of the day',
    set({ 'bookings.1.patientId': 'p-20', activePatients: ['p-1', 'p-20', 'p-6'] }),
    ['ONE_ACTIVE_BOOKING'],
  ],
  ['a key of no booking', { $push: { idempotencyKeys: 'key-9' } }, ['IDEMPOTENCY_KEY']],
  ['a key that the list lacks', { $pull: { idempotencyKeys: 'key-5' } }, ['IDEMPOTENCY_KEY']],
  ['a key with two bookings', set({ 'bookings.1.idempotencyKey': 'key-1' }), ['IDEMPOTENCY_KEY']],
  ['a key listed twice', { $push: { idempotencyKeys: 'key-5' } }, ['IDEMPOTENCY_KEY_UNIQUE']],
  [
    'a key used in another slot',
    set({ 'bookings.0.idempotencyKey': 'key-20', 'idempotencyKeys.0': 'key-20' }),
    ['IDEMPOTENCY_KEY_UNIQUE'],
  ],
  ['a booking id used in this slot', set({ 'bookings.1.bookingId': 'b-1' }), ['BOOKING_ID']],
  ['a booking id used in another slot', set({ 'bookings.3.bookingId': 'b-other' }), ['BOOKING_ID']],
  [
    'four bookings of a patient',
    set(Object.fromEntries([2, 3, 4].map((n) => [`bookings.${n}.patientId`, 'p-1']))),
    ['RECORD_SIZE'],
  ],
  [
    'two hundred and one bookings',
    {
      $push: {
        bookings: { $each: Array.from({ length: 195 }, (_, n) => booking(n + 7, 'CANCELLED')) },
      },
      $set: { lastTokenNumber: 201 },
    },
    ['RECORD_SIZE'],
  ],
];

describe('auditSlots', () => {
  let client: mongo.MongoClient;
  let slots: mongo.Collection<{ _id: string }>;

  const audit = async (expectations?: AuditExpectations) => {
    const findings = await auditSlots(client.db(), expectations);
    return findings.map(({ slotId, rule }) => `${slotId} ${rule}`);
  };

  beforeAll(async () => {
    client = await mongoose.mongo.MongoClient.connect(testMongoUri());
    slots = client.db().collection<{ _id: string }>('slots', { writeConcern: { w: 'majority' } });
  });

  beforeEach(async () => {
    await slots.deleteMany({});
    await slots.insertMany([soundSlot(), secondSlot()]);
  });

  afterAll(async () => {
    await client.db().dropDatabase();
    await client.close();
  });

  it('finds nothing in sound documents', async () => {
    expect(await audit()).toEqual([]);
  });

  it.each(DEFECTS)('finds %s', async (_name, update, rules) => {
    const { modifiedCount } = await slots.updateOne({ _id: FIRST }, update);
    expect(modifiedCount).toBe(1);
    const found = new Set((await audit()).map((finding) => finding.split(' ')[1]));
    expect([...found].sort()).toEqual(rules);
  });

  it('names the slot, the rule, and what was found', async () => {
    await slots.updateOne({ _id: FIRST }, { $set: { bookedCount: 3 } });
    expect(await auditSlots(client.db())).toEqual([
      { slotId: FIRST, rule: 'BOOKED_COUNT', detail: 'bookedCount 3, held 4' },
    ]);
  });

  it('reports every defect of every slot, and goes on behind one it cannot read', async () => {
    await slots.updateOne({ _id: FIRST }, { $unset: { capacity: 1 } });
    await slots.updateOne({ _id: SECOND }, { $set: { bookedCount: 0, status: 'X' } });
    expect((await audit()).sort()).toEqual([
      `${FIRST} SHAPE`,
      `${SECOND} BOOKED_COUNT`,
      `${SECOND} STATUS`,
    ]);
  });

  it('lets a patient have another doctor, another day, and a second try after a cancellation', async () => {
    await slots.updateOne(
      { _id: SECOND },
      { $set: { 'bookings.0.patientId': 'p-4', activePatients: ['p-4'] } },
    );
    expect(await audit()).toEqual([]);
    const other = { _id: 'dr-iyer_2026-11-24_1000', doctorId: 'dr-iyer' };
    await slots.deleteOne({ _id: SECOND });
    await slots.insertOne({
      ...secondSlot(),
      ...other,
      doctorDay: 'dr-iyer_2026-11-24',
      bookings: [booking(1, 'BOOKED', { bookingId: 'b-other', idempotencyKey: 'key-20' })],
      activePatients: ['p-1'],
    } as { _id: string });
    expect(await audit()).toEqual([]);
  });

  it('holds the counts against what a test expects', async () => {
    expect(await audit({ bookedCounts: { [FIRST]: 4, [SECOND]: 1 } })).toEqual([]);
    expect(await audit({ bookedCounts: { [FIRST]: 10, 'dr-no_2026-11-24_0900': 0 } })).toEqual([
      `${FIRST} EXPECTED_COUNT`,
      'dr-no_2026-11-24_0900 EXPECTED_COUNT',
    ]);
  });

  it('reads any number of slots', async () => {
    const many = Array.from({ length: 450 }, (_, n) => ({
      ...secondSlot(),
      ...{ _id: `dr-${n}_2026-11-24_1000`, doctorId: `dr-${n}`, doctorDay: `dr-${n}_2026-11-24` },
      ...{ bookings: [], activePatients: [], idempotencyKeys: [], bookedCount: n === 449 ? 1 : 0 },
    }));
    await slots.insertMany(many);
    expect(await audit()).toEqual(['dr-449_2026-11-24_1000 BOOKED_COUNT']);
  });
});
