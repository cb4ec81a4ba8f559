/**
 * Goal: nothing is written later by a request that was answered with anything but 201 or
 * OUTCOME_UNKNOWN, and the same POST with the same Idempotency-Key tells what became of it.
 * Method: MongoDB is frozen exactly between a round's read and its write, by a store that stands in
 * between. The answers are collected, MongoDB goes on (at once, late, or after the last answer) with
 * whatever was sent to it meanwhile, and the raw documents are held against the answers. Then every
 * client asks again with his key.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { createAdminApi } from '@opd/admin-api';
import type { RoundStore } from '@opd/booking';
import { Booking } from '@opd/contracts';
import { createDeskApi } from '@opd/desk-api';
import { createPatientApi } from '@opd/patient-api';
import { readSettings } from '@opd/platform';
import {
  auditAnswers,
  auditSlots,
  Clinic,
  clinicEnv,
  spawnTestMongod,
  type ApiReply,
  type SignedInPatient,
} from '@opd/testing';
import { answerOf, countAnswers, type Asker } from './answers';
import { freeze, thaw, until } from './frozen';

jest.setTimeout(120_000);

const CLIENTS = 60;
/** So many in the round that is interrupted. */
const MANY = 12;
/** A request is answered after 3 s at the latest; a write that was sent has landed long after that. */
const LANDED_MS = 3_000;
const ANSWER_MS = 3_500;

let mongod: Awaited<ReturnType<typeof spawnTestMongod>>;
let clinic: Clinic;
let patients: SignedInPatient[];
/** Called once, by the next round of many that has read and not written yet. */
let onRead: (() => Promise<void>) | undefined;

function interrupted(store: RoundStore): RoundStore {
  return {
    readRound: async (query) => {
      const view = await store.readRound(query);
      // The first round of a rush has its first request only.
      if (query.patientIds.length < MANY) return view;
      const interrupt = onRead;
      onRead = undefined;
      await interrupt?.();
      return view;
    },
    writeRound: (writes) => store.writeRound(writes),
  };
}

beforeAll(async () => {
  mongod = await spawnTestMongod();
  const { host, search } = new URL(mongod.uri);
  const env = clinicEnv({
    MONGODB_URI: `mongodb://${host}/unknown${search}`,
    MAX_ACTIVE_BOOKINGS_PER_PATIENT: '0',
  });
  const parts = { wrapRoundStore: interrupted };
  clinic = await Clinic.start(
    {
      patient: (settings) => createPatientApi(settings, parts),
      desk: createDeskApi,
      admin: createAdminApi,
    },
    readSettings(env),
    env,
  );
  patients = await clinic.newPatients(CLIENTS);
});

afterAll(async () => {
  thaw(mongod);
  await clinic.close();
  await mongod.stop();
});

interface RawSlot {
  _id: string;
  bookings: { patientId: string; bookingId: string }[];
}

interface Client extends Asker {
  readonly patient: SignedInPatient;
  readonly key: string;
}

function ask({ patient, slotId, key }: Client): Promise<ApiReply> {
  const body = { slotId, type: 'ONLINE' };
  return patient.api.post('/v1/bookings', body, { idempotencyKey: key });
}

/** Everybody asks for a seat of one of four slots, of which one is full; MongoDB freezes half-way. */
async function interruptedRush(title: string, thawAfterMs: number | 'the last answer') {
  const slots = await Promise.all([1, 2, 3, 4].map(() => clinic.openSlot()));
  await clinic.fill(slots[3]?.slotId ?? '', ...Array.from({ length: 10 }, () => 'WALKIN'));
  const clients: Client[] = patients.map((patient, index) => ({
    patient,
    patientId: patient.patientId,
    slotId: slots[index % 4]?.slotId ?? '',
    key: `${title}-${index}`,
  }));
  onRead = async () => {
    await freeze(mongod);
    if (typeof thawAfterMs === 'number') setTimeout(() => thaw(mongod), thawAfterMs);
  };
  const replies = await Promise.all(clients.map(ask));
  thaw(mongod);
  for (const { tookMs } of replies) expect(tookMs).toBeLessThan(ANSWER_MS);
  const full = slots[3]?.slotId;
  const asked = clients
    .map((client, index) => ({ client, reply: replies[index] as ApiReply }))
    // The desk filled that one: the audit of answers wants one who asked for each booking.
    .filter(({ client }) => client.slotId !== full);
  return { clients, replies, asked };
}

async function bookingOf({ patientId, slotId }: Asker): Promise<{ bookingId: string } | undefined> {
  const slot = await clinic.db.collection<RawSlot>('slots').findOne({ _id: slotId });
  return slot?.bookings.find((booking) => booking.patientId === patientId);
}

/** Asks with the same key until the answer is final. */
function learn(client: Client): Promise<ApiReply> {
  return until(
    () => ask(client),
    ({ status }) => status !== 503 && status !== 429,
  );
}

it.each([
  ['at-once', 300],
  ['in-time', 1_500],
  ['late', 2_150],
  ['too-late', 'the last answer'],
] as const)('MongoDB frozen between read and write, going on %s', async (title, thawAfterMs) => {
  const { clients, replies, asked } = await interruptedRush(title, thawAfterMs);
  await sleep(LANDED_MS);
  const counts = countAnswers(replies);
  process.stdout.write(`${title}: ${JSON.stringify(counts)}\n`);
  if (title === 'at-once') expect(counts['201']).toBeGreaterThan(0);
  if (title === 'too-late') expect(counts['503 OUTCOME_UNKNOWN']).toBeGreaterThan(2);

  const answers = asked.map(({ client, reply }) => answerOf(client, reply));
  expect(await auditAnswers(clinic.db, answers)).toEqual([]);
  expect(await auditSlots(clinic.db)).toEqual([]);

  // Who was told nothing certain learns it by asking again.
  const unknown = clients.filter((_, index) => replies[index]?.code === 'OUTCOME_UNKNOWN');
  for (const client of unknown) {
    const landed = await bookingOf(client);
    const reply = await learn(client);
    const isReplay = reply.headers.get('idempotency-replayed') === 'true';
    expect(isReplay).toBe(landed !== undefined);
    if (landed) expect(reply.read(201, Booking).bookingId).toBe(landed.bookingId);
  }
  await Promise.all(clients.map(learn));
  const finals = await Promise.all(clients.map(learn));
  for (const [index, reply] of finals.entries()) {
    const booking = await bookingOf(clients[index] as Client);
    if (reply.status === 201) expect(reply.read(201, Booking).bookingId).toBe(booking?.bookingId);
    else expect([reply.code, booking]).toEqual(['SLOT_FULL', undefined]);
  }
  expect(await auditSlots(clinic.db)).toEqual([]);
});
