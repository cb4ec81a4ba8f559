/**
 * Goal: an API that is told to stop answers what it has begun and ends within 5 s; one that is
 * frozen or killed in the middle of a rush does no harm and blocks nobody for longer than its locks
 * live.
 * Method: the built APIs as processes, and real signals while bookings are in flight. Afterwards
 * the answers are held against the raw documents.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { ApiClient, auditAnswers, auditSlots, Clinic, clinicEnv } from '@opd/testing';
import { Redis } from 'ioredis';
import { answerOf, countAnswers } from './answers';
import { startApiProcess, type ApiProcess } from './api-process';
import { freeze, thaw, until } from './frozen';

jest.setTimeout(240_000);

const STOP_MS = 5_000;
const CLIENTS = 40;

let env: Record<string, string>;
let processes: { patient: ApiProcess; desk: ApiProcess; admin: ApiProcess };
let clinic: Clinic;
let redis: Redis;

beforeAll(async () => {
  // The longest wait for a lock, so that bookings can be kept in flight.
  env = clinicEnv({ LOCK_WAIT_MS: '2000', MAX_ACTIVE_BOOKINGS_PER_PATIENT: '0' });
  const admin = await startApiProcess('admin', env);
  const [patient, desk] = await Promise.all([
    startApiProcess('patient', env),
    startApiProcess('desk', env),
  ]);
  processes = { patient, desk, admin };
  clinic = await Clinic.at({ patient: patient.url, desk: desk.url, admin: admin.url }, env);
  redis = new Redis(env['REDIS_URLS'] ?? '');
});

afterAll(async () => {
  await redis?.quit();
  await clinic?.close();
  await Promise.all(Object.values(processes ?? {}).map((process) => process.stop()));
});

/** A second desk in a process of its own, to be stopped, and its staff. */
async function secondDesk(): Promise<{ process: ApiProcess; api: ApiClient }> {
  const process = await startApiProcess('desk', env);
  return { process, api: new ApiClient(process.url, clinic.desk.accessToken) };
}

it('on SIGTERM bookings in flight get their answers, and the process ends within 5 s', async () => {
  const { process, api } = await secondDesk();
  const { slotId } = await clinic.openSlot();
  const patients = await clinic.newPatients(CLIENTS);
  await redis.set(`opd:lock:${slotId}`, 'another', 'PX', 1_200);
  const bookings = Promise.all(
    patients.map(({ patientId }) =>
      api.post('/v1/bookings', { slotId, type: 'EMERGENCY', patientId }),
    ),
  );
  await sleep(600);
  const toldAtMs = performance.now();
  process.signal('SIGTERM');
  const ended = process.ended.then(() => performance.now() - toldAtMs);
  const replies = await bookings;
  expect(countAnswers(replies)).toEqual({ '201': 15, '409 SLOT_FULL': CLIENTS - 15 });
  expect(await ended).toBeLessThan(STOP_MS);
  const answers = patients.map(({ patientId }, index) =>
    answerOf({ patientId, slotId }, replies[index] as (typeof replies)[number]),
  );
  expect(await auditAnswers(clinic.db, answers)).toEqual([]);
  await expect(api.get('/health/live')).rejects.toThrow();
});

it('an idle process ends at once, also with kept-alive and silent connections', async () => {
  const { process, api } = await secondDesk();
  await Promise.all([1, 2, 3].map(() => api.get('/v1/doctors')));
  const toldAtMs = performance.now();
  process.signal('SIGTERM');
  await process.ended;
  expect(performance.now() - toldAtMs).toBeLessThan(STOP_MS);
});

it('a process frozen in a rush for longer than its locks live oversells nothing later', async () => {
  const { process, api } = await secondDesk();
  const slots = await Promise.all([1, 2, 3].map(() => clinic.openSlot()));
  const patients = await clinic.newPatients(60);
  const ask = (desk: ApiClient, index: number) =>
    desk.post('/v1/bookings', {
      slotId: slots[index % 3]?.slotId,
      type: 'EMERGENCY',
      patientId: patients[index]?.patientId,
    });
  const early = Array.from({ length: 30 }, (_, index) => ask(api, index));
  await sleep(20);
  await freeze(process);
  // The other process goes on with the same slots, once the locks have run out.
  const others = Array.from({ length: 30 }, (_, index) =>
    until(
      () => ask(clinic.desk, 30 + index),
      ({ status }) => status === 201 || status === 409,
    ),
  );
  await Promise.all(others);
  await sleep(2_500);
  thaw(process);
  const replies = await Promise.all(early);
  const counts = countAnswers(replies);
  // Whoever was not reached by the frozen process's writes was told so.
  expect(Object.keys(counts).every((name) => /^(201|409 SLOT_FULL|503|429)/.test(name))).toBe(true);
  const answers = patients.slice(0, 30).map(({ patientId }, index) => {
    const slotId = slots[index % 3]?.slotId ?? '';
    return answerOf({ patientId, slotId }, replies[index] as (typeof replies)[number]);
  });
  const findings = await auditAnswers(clinic.db, answers);
  expect(findings.filter(({ rule }) => rule !== 'UNASKED_BOOKING')).toEqual([]);
  expect(await auditSlots(clinic.db)).toEqual([]);
  await process.stop();
});

it('a process killed in a rush blocks its slots for no longer than its locks live', async () => {
  const { process, api } = await secondDesk();
  const { slotId } = await clinic.openSlot();
  const patients = await clinic.newPatients(20);
  const doomed = patients.map(({ patientId }) =>
    api.post('/v1/bookings', { slotId, type: 'EMERGENCY', patientId }).catch(() => undefined),
  );
  await sleep(15);
  process.signal('SIGKILL');
  await process.ended;
  const killedAtMs = performance.now();
  await Promise.all(doomed);
  const settled = await until(
    () => clinic.bookAtDesk(slotId, 'EMERGENCY'),
    ({ status }) => status === 201 || status === 409,
  );
  expect(['SLOT_FULL', undefined]).toContain(settled.code);
  expect(performance.now() - killedAtMs).toBeLessThan(4_000);
  expect(await auditSlots(clinic.db)).toEqual([]);
});
