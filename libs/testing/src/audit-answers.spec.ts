/**
 * Goal: a promise to a client that the documents do not keep is seen, and so is an effect that no
 * client was told of.
 * Method: one slot lies raw in a real MongoDB; the clients' answers are varied against it.
 */
import mongoose, { type mongo } from 'mongoose';
import { auditAnswers, type ClientAnswer } from './audit-answers';
import { testMongoUri } from './servers';

const SLOT = 'dr-rao_2026-11-24_0900';

function stored(n: number, patientId = `p-${n}`) {
  return {
    ...{ bookingId: `b-${n}`, patientId, tokenNumber: n, bookedAt: new Date(0) },
    ...{ type: 'ONLINE', tier: 'STANDARD', status: n === 2 ? 'CANCELLED' : 'BOOKED' },
  };
}

const SLOT_DOCUMENT = {
  ...{ _id: SLOT, doctorId: 'dr-rao', doctorDay: 'dr-rao_2026-11-24', date: '2026-11-24' },
  ...{ start: '09:00', end: '10:00', startsAt: new Date(0), endsAt: new Date(1), status: 'OPEN' },
  capacity: { base: 10, premiumBuffer: 2, emergencyBuffer: 3 },
  ...{ isDelayed: false, delayMinutes: 0, bookedCount: 2, lastTokenNumber: 3, version: 3 },
  ...{ activePatients: ['p-1', 'p-3'], idempotencyKeys: [] },
  bookings: [stored(1), stored(2), stored(3)],
};

const booked = (n: number, more: object = {}): ClientAnswer => ({
  ...{ kind: 'BOOKED', slotId: SLOT, patientId: `p-${n}`, bookingId: `b-${n}`, tokenNumber: n },
  ...more,
});
const refused = (n: number): ClientAnswer => ({
  ...{ kind: 'REFUSED', slotId: SLOT, patientId: `p-${n}`, code: 'SLOT_FULL' },
});
const unknown = (n: number): ClientAnswer => ({
  kind: 'UNKNOWN',
  slotId: SLOT,
  patientId: `p-${n}`,
});

describe('auditAnswers', () => {
  let client: mongo.MongoClient;
  let slots: mongo.Collection<{ _id: string }>;

  const audit = async (answers: ClientAnswer[]) => {
    const findings = await auditAnswers(client.db(), answers);
    return findings.map(({ rule }) => rule);
  };

  beforeAll(async () => {
    client = await mongoose.mongo.MongoClient.connect(testMongoUri());
    slots = client.db().collection<{ _id: string }>('slots', { writeConcern: { w: 'majority' } });
  });

  beforeEach(async () => {
    await slots.deleteMany({});
    await slots.insertOne(SLOT_DOCUMENT);
  });

  afterAll(async () => {
    await client.db().dropDatabase();
    await client.close();
  });

  it.each<[string, ClientAnswer[]]>([
    ['everybody was told', [booked(1), booked(2), booked(3)]],
    ['the others were refused', [booked(1), booked(2), booked(3), refused(4), refused(5)]],
    ['one got no answer and has a booking', [booked(1), booked(2), unknown(3)]],
    ['one got no answer and has none', [booked(1), booked(2), booked(3), unknown(4)]],
  ])('finds nothing when %s', async (_name, answers) => {
    expect(await audit(answers)).toEqual([]);
  });

  it.each<[string, ClientAnswer[], string[]]>([
    [
      'a promised booking that is not there',
      [booked(1), booked(2), booked(3), booked(4)],
      ['PROMISED_BOOKING_MISSING'],
    ],
    [
      'a promised booking under another id',
      [booked(1), booked(2), booked(3, { bookingId: 'b-9' })],
      ['PROMISED_BOOKING_MISSING'],
    ],
    [
      'the booking of another, promised too',
      [booked(1), booked(2), booked(3), booked(4, { bookingId: 'b-3', tokenNumber: 3 })],
      ['PROMISED_BOOKING_MISSING'],
    ],
    [
      'another token than promised',
      [booked(1), booked(2), booked(3, { tokenNumber: 2 })],
      ['PROMISED_TOKEN_DIFFERS'],
    ],
    [
      'a booking of one who was refused',
      [booked(1), booked(2), refused(3)],
      ['REFUSED_YET_BOOKED'],
    ],
    [
      'a booking of one who was refused, cancelled since',
      [booked(1), refused(2), booked(3)],
      ['REFUSED_YET_BOOKED'],
    ],
    ['a booking that nobody asked for', [booked(1), booked(2)], ['UNASKED_BOOKING']],
  ])('finds %s', async (_name, answers, rules) => {
    expect(await audit(answers)).toEqual(rules);
  });

  it.each([booked(1), unknown(1), refused(1)])('finds a double effect of $kind', async (answer) => {
    await slots.updateOne({ _id: SLOT }, { $set: { 'bookings.2.patientId': 'p-1' } });
    expect(await audit([answer, booked(2)])).toEqual(['DOUBLE_EFFECT']);
  });

  it('finds a promise for a slot that is not there, and no fault in a refusal for it', async () => {
    await slots.deleteMany({});
    expect(await audit([booked(1), refused(2), unknown(3)])).toEqual(['PROMISED_BOOKING_MISSING']);
  });

  it('reports a slot it cannot read instead of passing over it', async () => {
    await slots.updateOne({ _id: SLOT }, { $unset: { bookings: 1 } });
    expect(await audit([refused(1)])).toEqual(['SHAPE']);
  });

  it('leaves slots alone that no answer names', async () => {
    await slots.insertOne({ ...SLOT_DOCUMENT, _id: 'dr-rao_2026-11-24_1000' });
    expect(await audit([booked(1), booked(2), booked(3)])).toEqual([]);
  });

  it('reads more slots than one batch holds', async () => {
    const ids = Array.from({ length: 250 }, (_, n) => `dr-${n}_2026-11-24_0900`);
    await slots.insertMany(ids.map((_id) => ({ ...SLOT_DOCUMENT, _id })));
    const answers = ids.flatMap((slotId) => [1, 2, 3].map((n) => ({ ...booked(n), slotId })));
    expect(await audit(answers)).toEqual([]);
    expect(await audit(answers.slice(0, -1))).toEqual(['UNASKED_BOOKING']);
  });

  it('refuses two answers of one patient for one slot', async () => {
    await expect(audit([booked(1), unknown(1)])).rejects.toThrow(/asked twice/);
  });
});
