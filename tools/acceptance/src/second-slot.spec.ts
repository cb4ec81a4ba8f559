/**
 * Goal: a patient who keeps asking for a second slot of the same doctor and day costs the others
 * nothing: no write of theirs fails because of him.
 * Method: he asks again and again while others fill the slots that he asks for. The
 * store of the rounds is watched: every write must be acknowledged at the first try.
 */
import { createAdminApi } from '@opd/admin-api';
import type { RoundStore, WriteReceipt } from '@opd/booking';
import { Booking } from '@opd/contracts';
import { createDeskApi } from '@opd/desk-api';
import { createPatientApi } from '@opd/patient-api';
import { readSettings } from '@opd/platform';
import { auditSlots, Clinic, clinicEnv, type ApiReply } from '@opd/testing';
import { countAnswers } from './answers';

jest.setTimeout(60_000);

const SLOTS = 4;
const receipts: WriteReceipt[] = [];

function watched(store: RoundStore): RoundStore {
  return {
    readRound: (query) => store.readRound(query),
    writeRound: async (writes) => {
      const receipt = await store.writeRound(writes);
      receipts.push(receipt);
      return receipt;
    },
  };
}

let clinic: Clinic;

beforeAll(async () => {
  // In one API, so that no clash between two processes counts as a failed write.
  const env = clinicEnv();
  const parts = { wrapRoundStore: watched };
  const apps = {
    patient: createPatientApi,
    desk: (settings: ReturnType<typeof readSettings>) => createDeskApi(settings, parts),
    admin: createAdminApi,
  };
  clinic = await Clinic.start(apps, readSettings(env), env);
});

afterAll(() => clinic.close());

it('a patient who keeps asking for a second slot fails no write of the others', async () => {
  const doctorId = await clinic.newDoctor();
  const slots = await Promise.all(
    Array.from({ length: SLOTS }, (_, hour) =>
      clinic.openSlot({ doctorId, start: `1${hour}:00`, end: `1${hour}:59` }),
    ),
  );
  const wanted = slots.slice(1).map(({ slotId }) => slotId);
  const patient = await clinic.newPatient();
  const first = { slotId: slots[0]?.slotId, type: 'ONLINE' };
  const own = (await patient.api.post('/v1/bookings', first)).read(201, Booking);

  let isOver = false;
  const refusals: ApiReply[] = [];
  const pester = async (turn: number) => {
    for (let count = turn; !isOver || refusals.length <= 20; count += 1) {
      const slotId = wanted[count % wanted.length];
      const { patientId } = patient;
      const body = { slotId, type: 'EMERGENCY', patientId };
      refusals.push(await clinic.desk.post('/v1/bookings', body));
    }
  };
  const pestering = Promise.all([0, 1, 2, 3].map(pester));
  const others = await Promise.all(
    wanted.flatMap((slotId) =>
      Array.from({ length: 10 }, async (_, turn) => {
        await new Promise((resolve) => setTimeout(resolve, turn * 60));
        return clinic.bookAtDesk(slotId, 'WALKIN');
      }),
    ),
  );
  isOver = true;
  await pestering;

  expect(countAnswers(others)).toEqual({ '201': 30 });
  expect(refusals.length).toBeGreaterThan(20);
  const { bookingId, slotId, tokenNumber } = own;
  for (const refusal of refusals)
    refusal.assertRefused(409, 'ALREADY_BOOKED', { bookingId, slotId, tokenNumber });
  expect(receipts.length).toBeGreaterThan(3);
  expect(receipts.filter(({ outcome }) => outcome !== 'ACKNOWLEDGED')).toEqual([]);
  const bookedCounts = Object.fromEntries(wanted.map((id) => [id, 10]));
  expect(await auditSlots(clinic.db, { bookedCounts })).toEqual([]);
});

it('a patient who asks for all slots at once gets one, and fails no write of the others', async () => {
  const doctorId = await clinic.newDoctor();
  const slots = await Promise.all(
    Array.from({ length: SLOTS }, (_, hour) =>
      clinic.openSlot({ doctorId, start: `1${hour}:00`, end: `1${hour}:59` }),
    ),
  );
  const person = clinic.newPerson();
  receipts.length = 0;
  const [own, others] = await Promise.all([
    Promise.all(
      Array.from({ length: 40 }, (_, turn) =>
        clinic.bookAtDesk(slots[turn % SLOTS]?.slotId ?? '', 'EMERGENCY', person),
      ),
    ),
    Promise.all(
      Array.from({ length: 40 }, (_, turn) =>
        clinic.bookAtDesk(slots[turn % SLOTS]?.slotId ?? '', 'EMERGENCY'),
      ),
    ),
  ]);
  expect(countAnswers(own)).toEqual({ '201': 1, '409 ALREADY_BOOKED': 39 });
  expect(countAnswers(others)).toEqual({ '201': 40 });
  expect(receipts.filter(({ outcome }) => outcome !== 'ACKNOWLEDGED')).toEqual([]);
  expect(await auditSlots(clinic.db)).toEqual([]);
});
