/**
 * Goal: three API processes on the same stores, hammered by 24 clients for a minute over the same
 * slots, keep every promise: the raw documents are right, every slot that is asked for more often
 * than it has seats ends exactly at its limit, at most 5 % are told that a slot is busy, and nobody
 * gets a 5xx.
 * Method: the built APIs as processes. The clients book all types, sometimes twice under one key,
 * cancel, miss visits and come back, in an order drawn from a seed that is printed. At the end all
 * of them ask for the last seats. Then the documents are audited and held against every answer.
 */
import {
  ApiClient,
  auditSlots,
  Clinic,
  clinicEnv,
  type ApiReply,
  type SignedInPatient,
} from '@opd/testing';
import { countAnswers, percentile } from './answers';
import { startApiProcess, type ApiProcess } from './api-process';
import { HammerClient, HammerLedger, seeded } from './hammer-clients';

const HAMMER_SECONDS = 60;
const CLIENTS = 24;
const SLOTS = 12;
const PATIENTS = 100;
const SEATS = 15;
const MOST_BUSY_SHARE = 0.05;

jest.setTimeout((HAMMER_SECONDS + 240) * 1_000);

let processes: ApiProcess[] = [];
let clinic: Clinic;
let secondDeskUrl: string;
let slotIds: string[];
let patients: SignedInPatient[];
let lastOnes: SignedInPatient[];

beforeAll(async () => {
  const env = clinicEnv({ MAX_ACTIVE_BOOKINGS_PER_PATIENT: '0' });
  const admin = await startApiProcess('admin', env);
  const [patient, desk, secondDesk] = await Promise.all([
    startApiProcess('patient', env),
    startApiProcess('desk', env),
    startApiProcess('desk', env),
  ]);
  processes = [patient, desk, secondDesk, admin];
  secondDeskUrl = secondDesk.url;
  clinic = await Clinic.at({ patient: patient.url, desk: desk.url, admin: admin.url }, env);
  const slots = [];
  for (let count = 0; count < SLOTS; count += 1) slots.push(await clinic.openSlot());
  slotIds = slots.map(({ slotId }) => slotId);
  patients = await clinic.newPatients(PATIENTS);
  lastOnes = await clinic.newPatients(CLIENTS);
});

afterAll(async () => {
  await clinic?.close();
  await Promise.all(processes.map((process) => process.stop()));
});

interface RawSlot {
  _id: string;
  bookings: { bookingId: string; tokenNumber: number; status: string }[];
}

/** Everything in which the documents and what the clients were told do not agree. */
async function contradictions(ledger: HammerLedger): Promise<string[]> {
  const stored = await clinic.db
    .collection<RawSlot>('slots')
    .find({ _id: { $in: slotIds } })
    .toArray();
  const bookings = new Map(stored.flatMap((slot) => slot.bookings).map((b) => [b.bookingId, b]));
  const unasked = [...bookings.keys()].filter((id) => !ledger.tokens.has(id));
  return [
    ...ledger.faults,
    ...unasked.map((id) => `nobody was told of ${id}`),
    ...[...ledger.tokens]
      .filter(([id, token]) => bookings.get(id)?.tokenNumber !== token)
      .map(([id, token]) => `${id} was promised token ${token}`),
    ...[...ledger.statuses]
      .filter(([id, status]) => bookings.get(id)?.status !== status)
      .map(([id, status]) => `${id} was said to be ${status}`),
  ];
}

function print(replies: readonly ApiReply[], seconds: number): void {
  const bookings = replies.filter(({ line }) => line === 'POST /v1/bookings');
  const took = bookings.map(({ tookMs }) => tookMs);
  const milliseconds = (percent: number) => `${Math.round(percentile(took, percent))} ms`;
  process.stdout.write(
    [
      `${replies.length} answers in ${seconds.toFixed(1)} s, ${Math.round(replies.length / seconds)}/s`,
      `bookings: ${bookings.length}, p50 ${milliseconds(50)}, p99 ${milliseconds(99)}`,
      JSON.stringify(countAnswers(replies)),
      '',
    ].join('\n'),
  );
}

it('keeps every promise', async () => {
  const seed = Number(process.env['OPD_HAMMER_SEED'] ?? Date.now() % 1_000_000_007);
  process.stdout.write(`hammer seed ${seed} (OPD_HAMMER_SEED)\n`);
  const ledger = new HammerLedger();
  const secondDesk = new ApiClient(secondDeskUrl, clinic.desk.accessToken);
  const clients = Array.from({ length: CLIENTS }, (_, index) => {
    const random = seeded(seed + index * 7_919);
    const desk = index % 3 === 1 ? secondDesk : clinic.desk;
    return new HammerClient({
      ledger,
      desk,
      isPatient: index % 3 === 2,
      patients,
      slotIds,
      random,
    });
  });

  const startedAtMs = performance.now();
  const overAtMs = startedAtMs + HAMMER_SECONDS * 1_000;
  await Promise.all(clients.map((client) => client.hammer(() => performance.now() > overAtMs)));
  // More ask for each slot now than it has seats, and nobody gives one back any more.
  await Promise.all(
    clients.map(async (client, index) => {
      const patient = lastOnes[index] as SignedInPatient;
      for (const slotId of slotIds) await client.bookLast(slotId, patient);
    }),
  );
  print(ledger.replies, (performance.now() - startedAtMs) / 1_000);

  const bookedCounts = Object.fromEntries(slotIds.map((slotId) => [slotId, SEATS]));
  expect(await auditSlots(clinic.db, { bookedCounts })).toEqual([]);
  expect(await contradictions(ledger)).toEqual([]);
  expect(ledger.tokens.size).toBeGreaterThan(SLOTS * SEATS);
  const { replies } = ledger;
  expect(countAnswers(replies.filter(({ status }) => status >= 500))).toEqual({});
  const bookings = replies.filter(({ line }) => line === 'POST /v1/bookings');
  const busy = bookings.filter(({ status }) => status === 429);
  expect(busy.length / bookings.length).toBeLessThanOrEqual(MOST_BUSY_SHARE);
});
