/**
 * Goal: what happens while the lock of a slot is another's, while Redis or MongoDB is frozen or gone,
 * and that everything works again by itself afterwards.
 * Method: the real APIs with the usual settings, on a MongoDB and a Redis of their own that are
 * stopped, killed and brought back. Answers are timed at the client.
 */
import { createAdminApi } from '@opd/admin-api';
import { Booking, BookingPage, Slot, SlotPage } from '@opd/contracts';
import { createDeskApi } from '@opd/desk-api';
import { createPatientApi } from '@opd/patient-api';
import { readSettings } from '@opd/platform';
import {
  auditSlots,
  Clinic,
  clinicEnv,
  spawnTestMongod,
  spawnTestRedis,
  type ApiReply,
  type SignedInPatient,
} from '@opd/testing';
import { Redis } from 'ioredis';
import { until, whileFrozen } from './frozen';

jest.setTimeout(120_000);

const BUSY_WITHIN_MS = 1_000;
const LOCK_AWAY_WITHIN_MS = 1_500;
const STORE_AWAY_WITHIN_MS = 3_000;

let mongod: Awaited<ReturnType<typeof spawnTestMongod>>;
let redis: Awaited<ReturnType<typeof spawnTestRedis>>;
let clinic: Clinic;
let patient: SignedInPatient;

beforeAll(async () => {
  [mongod, redis] = await Promise.all([spawnTestMongod(), spawnTestRedis()]);
  const { host, search } = new URL(mongod.uri);
  const env = clinicEnv({
    MONGODB_URI: `mongodb://${host}/outages${search}`,
    REDIS_URLS: redis.url,
    RATE_LIMIT_PER_MINUTE: '60',
    MAX_ACTIVE_BOOKINGS_PER_PATIENT: '0',
  });
  const apps = { patient: createPatientApi, desk: createDeskApi, admin: createAdminApi };
  clinic = await Clinic.start(apps, readSettings(env), env);
});

// The limit of requests is each patient's own.
beforeEach(async () => {
  patient = await clinic.newPatient();
});

afterAll(async () => {
  const findings = await auditSlots(clinic.db);
  await clinic.close();
  await Promise.all([mongod.stop(), redis.stop()]);
  expect(findings).toEqual([]);
});

function book({ slotId }: Slot): Promise<ApiReply> {
  return patient.api.post('/v1/bookings', { slotId, type: 'ONLINE' });
}

/**
 * The slot takes bookings again, without anything having been started anew; and so does each API,
 * which finds its stores again by itself and in its own time.
 */
async function worksAgain(slot: Slot): Promise<void> {
  for (const api of [clinic.visitors.patient, clinic.visitors.desk])
    await until(
      () => api.get('/health/ready'),
      ({ status }) => status === 200,
    );
  await until(
    () => clinic.bookAtDesk(slot.slotId, 'WALKIN'),
    ({ status }) => status === 201,
  );
}

function refusedIn(reply: ApiReply, code: 'LOCK_UNAVAILABLE' | 'STORE_UNAVAILABLE', ms: number) {
  reply.assertRefused(503, code);
  expect(reply.headers.get('retry-after')).toBe('1');
  expect(reply.tookMs).toBeLessThan(ms);
}

/** Everything that takes no lock: it must work whatever becomes of Redis. */
async function worksWithoutLocks(slot: Slot, bookings: Booking[]): Promise<void> {
  const [cancelled, missed, served] = bookings.map(({ bookingId }) => `/v1/bookings/${bookingId}`);
  const { desk, admin, visitors } = clinic;
  const before = (await clinic.slot(slot.slotId)).bookedCount;
  const step = async (path: string) => (await desk.post(path)).read(200, Booking).status;
  expect(await step(`${cancelled}/cancel`)).toBe('CANCELLED');
  expect(await step(`${missed}/noshow`)).toBe('NOSHOW');
  expect(await step(`${served}/check-in`)).toBe('CHECKED_IN');
  expect(await step(`${served}/start`)).toBe('IN_CONSULTATION');
  expect(await step(`${served}/complete`)).toBe('COMPLETED');
  const late = { body: { isDelayed: true, delayMinutes: 15 } };
  const delayed = await admin.send(`PUT /v1/slots/${slot.slotId}/delay`, late);
  expect(delayed.read(200, Slot).isDelayed).toBe(true);
  const capacity = { base: 20, premiumBuffer: 0, emergencyBuffer: 0 };
  const wider = await admin.send(`PATCH /v1/slots/${slot.slotId}`, { body: { capacity } });
  expect(wider.read(200, Slot).capacity).toEqual(capacity);
  (await visitors.patient.get(`/v1/doctors/${slot.doctorId}/slots`)).read(200, SlotPage);
  (await desk.get(`/v1/slots/${slot.slotId}/bookings`)).read(200, BookingPage);
  (await patient.api.get('/v1/bookings')).read(200, BookingPage);
  expect((await clinic.slot(slot.slotId)).bookedCount).toBe(before - 2);
}

describe('a lock that another holds', () => {
  it.each([2_000, 5_000])('for %i ms: 429 within 1 s, and it stays as it is', async (ttlMs) => {
    const slot = await clinic.openSlot();
    const key = `opd:lock:${slot.slotId}`;
    const client = new Redis(redis.url);
    await client.set(key, 'another', 'PX', ttlMs);
    const expiresAt = await client.pexpiretime(key);
    const replies = await Promise.all([
      book(slot),
      ...Array.from({ length: 10 }, () => clinic.bookAtDesk(slot.slotId, 'WALKIN')),
    ]);
    const isUntouched = [await client.get(key), await client.pexpiretime(key)];
    for (const reply of replies) {
      reply.assertRefused(429, 'SLOT_BUSY');
      expect(reply.headers.get('retry-after')).toBe('1');
      expect(reply.tookMs).toBeLessThan(BUSY_WITHIN_MS);
    }
    expect(isUntouched).toEqual(['another', expiresAt]);
    expect((await clinic.slot(slot.slotId)).bookedCount).toBe(0);

    await client.del(key);
    await client.quit();
    (await book(slot)).read(201, Booking);
  });

  it('that nobody gives back blocks its slot for its time only, and no other slot', async () => {
    const slot = await clinic.openSlot();
    const other = await clinic.openSlot();
    const client = new Redis(redis.url);
    await client.set(`opd:lock:${slot.slotId}`, 'a process that died', 'PX', 2_000);
    await client.quit();
    const lockedAtMs = performance.now();
    (await book(other)).read(201, Booking);
    await worksAgain(slot);
    expect(performance.now() - lockedAtMs).toBeLessThan(4_000);
  });
});

describe('a frozen Redis', () => {
  it('refuses bookings within 1.5 s, stops nothing else, and is used again', async () => {
    const slot = await clinic.openSlot();
    const bookings = await clinic.fill(slot.slotId, 'WALKIN', 'WALKIN', 'WALKIN');
    await whileFrozen([redis], async () => {
      for (let count = 0; count < 3; count += 1)
        refusedIn(await book(slot), 'LOCK_UNAVAILABLE', LOCK_AWAY_WITHIN_MS);
      const many = await Promise.all(
        Array.from({ length: 20 }, () => clinic.bookAtDesk(slot.slotId, 'WALKIN')),
      );
      for (const reply of many) refusedIn(reply, 'LOCK_UNAVAILABLE', LOCK_AWAY_WITHIN_MS);
      await worksWithoutLocks(slot, bookings);
      expect((await clinic.visitors.desk.get('/health/ready')).status).toBe(503);
      expect((await clinic.visitors.desk.get('/health/live')).status).toBe(200);
    });
    await worksAgain(slot);
    expect((await clinic.slot(slot.slotId)).bookedCount).toBe(2);
    await until(
      () => clinic.visitors.desk.get('/health/ready'),
      ({ status }) => status === 200,
    );
  });
});

describe('a Redis that was killed', () => {
  it('refuses bookings, stops nothing else, and is used again when it is back, empty', async () => {
    const slot = await clinic.openSlot();
    const bookings = await clinic.fill(slot.slotId, 'WALKIN', 'WALKIN', 'WALKIN');
    const { port } = redis;
    redis.signal('SIGKILL');
    await redis.ended;
    refusedIn(await book(slot), 'LOCK_UNAVAILABLE', LOCK_AWAY_WITHIN_MS);
    await worksWithoutLocks(slot, bookings);
    redis = await spawnTestRedis({ port });
    await worksAgain(slot);
    expect((await clinic.slot(slot.slotId)).bookedCount).toBe(2);
  });
});

describe('a frozen MongoDB', () => {
  it('refuses everything within 3 s, and is used again', async () => {
    const slot = await clinic.openSlot();
    const [booking] = await clinic.fill(slot.slotId, 'WALKIN');
    const held = (await book(slot)).read(201, Booking);
    await whileFrozen([mongod], async () => {
      const [own, atDesk, cancelled, listed, slots] = await Promise.all([
        book(slot),
        clinic.bookAtDesk(slot.slotId, 'WALKIN'),
        clinic.desk.post(`/v1/bookings/${booking?.bookingId}/cancel`),
        patient.api.get('/v1/bookings'),
        clinic.visitors.patient.get(`/v1/doctors/${slot.doctorId}/slots`),
      ]);
      for (const reply of [own, atDesk, cancelled, listed, slots])
        refusedIn(reply, 'STORE_UNAVAILABLE', STORE_AWAY_WITHIN_MS);
    });
    await worksAgain(slot);
    const again = await until(
      () => patient.api.get(`/v1/bookings/${held.bookingId}`),
      ({ status }) => status === 200,
    );
    expect(again.read(200, Booking)).toEqual(held);
    // Of all that were refused nothing was done later.
    expect((await clinic.slot(slot.slotId)).bookedCount).toBe(3);
  });
});

describe('the limit of requests', () => {
  it('is 60 a minute for one patient, and his alone', async () => {
    const { api } = await clinic.newPatient();
    const replies = await Promise.all(
      Array.from({ length: 70 }, () => api.get('/v1/bookings?limit=1')),
    );
    const refused = replies.filter(({ status }) => status !== 200);
    expect(refused).toHaveLength(10);
    for (const reply of refused) {
      reply.assertRefused(429, 'RATE_LIMITED');
      expect(Number(reply.headers.get('retry-after'))).toBeLessThanOrEqual(60);
    }
    (await patient.api.get('/v1/bookings')).read(200, BookingPage);
    // What is not valid is refused before it is counted.
    (await api.get('/v1/bookings?limit=0')).assertInvalid('limit');
  });
});
