/**
 * Goal: a request that is not valid gets its 4xx before MongoDB or Redis is touched.
 * Method: both are frozen, so that whoever asks them waits; the refusals must come at once all the
 * same. As a cross-check a valid request does wait then.
 */
import { createAdminApi } from '@opd/admin-api';
import { createDeskApi } from '@opd/desk-api';
import { createPatientApi } from '@opd/patient-api';
import { readSettings } from '@opd/platform';
import {
  Clinic,
  clinicEnv,
  spawnTestMongod,
  spawnTestRedis,
  type ApiClient,
  type ApiReply,
} from '@opd/testing';
import { freeze, thaw, type Freezable } from './frozen';

jest.setTimeout(60_000);

/** A frozen Redis costs 250 ms, a frozen MongoDB 2 s: what is faster has asked neither. */
const AT_ONCE_MS = 240;
/** The fastest of so many counts: the machine may have other things to do. */
const TRIES = 5;

let servers: (Freezable & { stop(): Promise<void> })[];
let clinic: Clinic;
let patient: ApiClient;

beforeAll(async () => {
  const [mongod, redis] = await Promise.all([spawnTestMongod(), spawnTestRedis()]);
  servers = [mongod, redis];
  const { host, search } = new URL(mongod.uri);
  const env = clinicEnv({
    MONGODB_URI: `mongodb://${host}/early${search}`,
    REDIS_URLS: redis.url,
    RATE_LIMIT_PER_MINUTE: '1000',
  });
  const apps = { patient: createPatientApi, desk: createDeskApi, admin: createAdminApi };
  clinic = await Clinic.start(apps, readSettings(env), env);
  patient = (await clinic.newPatient()).api;
  await Promise.all(servers.map(freeze));
});

afterAll(async () => {
  servers.forEach(thaw);
  await clinic.close();
  await Promise.all(servers.map((server) => server.stop()));
});

async function fastest(ask: () => Promise<ApiReply>): Promise<ApiReply> {
  const replies: ApiReply[] = [];
  while (replies.length < TRIES && !replies.some(({ tookMs }) => tookMs < AT_ONCE_MS))
    replies.push(await ask());
  return replies.sort((one, other) => one.tookMs - other.tookMs)[0] as ApiReply;
}

const RIGHT = { slotId: 'dr-rao_2026-11-24_0900', type: 'ONLINE' };

it.each([
  ['an unknown type', { ...RIGHT, type: 'WALK_IN' }, ['type']],
  ['an unknown field', { ...RIGHT, tier: 'CRITICAL' }, ['tier']],
  ['an operator instead of a string', { ...RIGHT, slotId: { $ne: null } }, ['slotId']],
  ['an operator in the type', { ...RIGHT, type: { $gt: '' } }, ['type']],
  ['no body', undefined, ['slotId', 'type']],
])('a booking with %s is refused at once', async (_what, body, paths) => {
  const reply = await fastest(() => patient.post('/v1/bookings', body));
  reply.assertInvalid(...paths);
  expect(reply.tookMs).toBeLessThan(AT_ONCE_MS);
});

it.each([
  ['broken JSON', '{"slotId": "dr-rao', 400, 'VALIDATION_FAILED'],
  ['a poisoned prototype', '{"__proto__": {"role": "ADMIN"}}', 400, 'VALIDATION_FAILED'],
  ['200 kB', JSON.stringify({ ...RIGHT, note: 'x'.repeat(200_000) }), 413, 'BODY_TOO_LARGE'],
])('a body of %s is refused at once', async (_what, text, status, code) => {
  const reply = await fastest(() => patient.send('POST /v1/bookings', { text }));
  expect([reply.status, reply.code]).toEqual([status, code]);
  expect(reply.tookMs).toBeLessThan(AT_ONCE_MS);
});

it.each([
  ['text', 'text/plain', 'x'],
  ['a form', 'application/x-www-form-urlencoded', 'slotId=1'],
])('%s is no body of ours', async (_what, contentType, text) => {
  const headers = { 'content-type': contentType };
  const reply = await fastest(() => patient.send('POST /v1/bookings', { text, headers }));
  reply.assertRefused(415, 'UNSUPPORTED_MEDIA_TYPE');
  expect(reply.tookMs).toBeLessThan(AT_ONCE_MS);
});

it('no token, a forged one, another role, a path that is not there: at once', async () => {
  const unsigned = clinic.visitors.desk;
  const checks: [() => Promise<ApiReply>, number][] = [
    [() => unsigned.post('/v1/bookings', RIGHT), 401],
    [() => unsigned.as('x.y.z').post('/v1/bookings', RIGHT), 401],
    [() => unsigned.as(patient.accessToken ?? '').post('/v1/bookings', RIGHT), 403],
    [() => unsigned.post('/v1/nothing', RIGHT), 404],
    [() => unsigned.send('DELETE /v1/bookings'), 405],
    [() => unsigned.get('/health/live'), 200],
  ];
  for (const [ask, status] of checks) {
    const reply = await fastest(ask);
    expect(reply.status).toBe(status);
    expect(reply.tookMs).toBeLessThan(AT_ONCE_MS);
  }
});

it.each([
  ['desk', 'POST /v1/bookings', { ...RIGHT, patient: { name: { $ne: 1 }, phone: 1 } }],
  ['desk', 'POST /v1/bookings/bk_x/cancel', { reason: { $ne: '' } }],
  ['desk', 'GET /v1/patients?phone[$ne]=1', undefined],
  ['admin', 'PATCH /v1/slots/x', { $set: { bookedCount: 0 } }],
  ['admin', 'PUT /v1/slots/x/delay', { isDelayed: { $ne: false } }],
  ['admin', 'POST /v1/doctors', { doctorId: { $gt: '' }, name: 'X', specialty: 'X' }],
] as const)('%s: %s with operators is refused at once', async (api, line, body) => {
  const reply = await fastest(() => clinic[api].send(line, { body }));
  expect([reply.status, reply.code]).toEqual([400, 'VALIDATION_FAILED']);
  expect(reply.tookMs).toBeLessThan(AT_ONCE_MS);
});

it('operators for credentials are refused at once', async () => {
  const { desk, patient: visitor } = clinic.visitors;
  const body = { username: { $ne: null }, password: { $ne: null } };
  const staff = await fastest(() => desk.post('/v1/auth/sign-in', body));
  staff.assertInvalid('username', 'password');
  const otp = await fastest(() => visitor.post('/v1/auth/otp', { phone: { $regex: '.' } }));
  otp.assertInvalid('phone');
  expect(Math.max(staff.tookMs, otp.tookMs)).toBeLessThan(AT_ONCE_MS);
});

it('a valid booking, as a cross-check, waits and is refused for the frozen stores', async () => {
  const reply = await patient.post('/v1/bookings', RIGHT);
  expect(reply.status).toBe(503);
  expect(reply.tookMs).toBeGreaterThan(AT_ONCE_MS);
});
