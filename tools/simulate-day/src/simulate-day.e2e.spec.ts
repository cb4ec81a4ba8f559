/**
 * Goal: a file is played against the three real APIs as it says, the report tells what happened,
 * and a broken rule in the database is found and ends with status 1.
 * Method: the APIs on free ports, real MongoDB and Redis; one hand-made day whose every answer is
 * known beforehand, one generated day, and one document that is tampered with.
 */
import 'reflect-metadata';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createAdminApi } from '@opd/admin-api';
import { createDeskApi } from '@opd/desk-api';
import { createPatientApi } from '@opd/patient-api';
import { connectMongo, readSettings } from '@opd/platform';
import { testMongoUri, testRedisUrl } from '@opd/testing';
import { type PlayCommand } from './arguments';
import { generateDay } from './generate';
import { EXIT, playFile } from './play-file';

type Api = Awaited<ReturnType<typeof createPatientApi>>;

const HEADER = 'minute,doctor,start,type,patient,outcome';
const CLINIC_ENV = {
  MONGODB_URI: testMongoUri(),
  REDIS_URLS: testRedisUrl(),
  TOKEN_SIGNING_KEY: 'for these tests only, thirty-two characters or more',
  OPD_DEMO: 'true',
  LOG_LEVEL: 'error',
};

/** A whole day over HTTP, on a machine that other tests use at the same time. */
const DAY_TIMEOUT_MS = 90_000;

const ALL_RULES_HELD = {
  status: EXIT.rulesHeld,
  text: expect.stringContaining('No rule was broken.'),
};

const apis: Api[] = [];
let env: Record<string, string>;
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'opd-simulate-'));
  const settings = readSettings(CLINIC_ENV);
  const ports: string[] = [];
  // One after the other: the first one brings the schema up to date.
  for (const create of [createPatientApi, createDeskApi, createAdminApi]) {
    const api = await create(settings);
    apis.push(api);
    await api.listen(0, '127.0.0.1');
    ports.push(new URL(await api.getUrl()).port);
  }
  const [patient = '', desk = '', admin = ''] = ports;
  env = { ...CLINIC_ENV, PATIENT_API_PORT: patient, DESK_API_PORT: desk, ADMIN_API_PORT: admin };
}, DAY_TIMEOUT_MS);

jest.setTimeout(DAY_TIMEOUT_MS);

afterAll(async () => {
  for (const api of apis) await api.close();
  await rm(folder, { recursive: true });
});

/** Plays a file as the command line does. */
async function play(text: string, change: Partial<PlayCommand> = {}) {
  const file = join(folder, 'day.csv');
  await writeFile(file, text);
  const printed: string[] = [];
  jest.spyOn(console, 'log').mockImplementation((line: string) => void printed.push(line));
  jest.spyOn(console, 'error').mockImplementation((line: string) => void printed.push(line));
  const status = await playFile(
    {
      file,
      date: undefined,
      seed: 7,
      concurrency: 16,
      windowMinutes: 1,
      slotMinutes: 60,
      mongodbUri: undefined,
      ...change,
    },
    env,
  );
  jest.restoreAllMocks();
  return { status, text: printed.join('\n') };
}

/** The four numbers of a line of the report: STANDARD, PREMIUM, CRITICAL, ALL. */
function numbersOf(report: string, label: string): number[] {
  const line = report.split('\n').find((each) => each.startsWith(label)) ?? '';
  return line.slice(34).trim().split(/\s+/).map(Number);
}

describe('a hand-made day', () => {
  // Ten book early; the first of them cancels at 470, the second is marked as absent at 550.
  const early = Array.from({ length: 10 }, (_, at) => {
    const outcome = ['CANCEL', 'NOSHOW'][at] ?? 'SHOW';
    return `400,sim-dr-01,09:00,ONLINE,Early ${at},${outcome}`;
  });
  const day = [
    HEADER,
    ...early,
    '460,sim-dr-01,09:00,ONLINE,Too early for the seat,SHOW',
    '480,sim-dr-01,09:00,ONLINE,Takes the cancelled seat,SHOW',
    '481,sim-dr-01,09:00,WALKIN,Early 3,SHOW',
    '545,sim-dr-01,09:00,WALKIN,Too early at the desk,SHOW',
    '555,sim-dr-01,09:00,WALKIN,Takes the absent seat,SHOW',
    '556,sim-dr-01,09:00,PAID,Into the buffer,SHOW',
    '557,sim-dr-01,09:00,EMERGENCY,Into the last buffer,SHOW',
  ].join('\n');

  it('is answered as the rules say, seat by seat', async () => {
    const { status, text } = await play(day);
    expect({ status, text }).toEqual(ALL_RULES_HELD);

    expect(numbersOf(text, 'asked')).toEqual([15, 1, 1, 17]);
    expect(numbersOf(text, '  through patient-api')).toEqual([12, 0, 0, 12]);
    expect(numbersOf(text, 'admitted')).toEqual([12, 1, 1, 14]);
    // Tokens 11 and 12 of STANDARD (10), 13 of PREMIUM (12), but not 14 of CRITICAL (15).
    expect(numbersOf(text, '  of these in a re-used seat')).toEqual([2, 1, 0, 3]);
    expect(numbersOf(text, '  ALREADY_BOOKED')).toEqual([1, 0, 0, 1]);
    expect(numbersOf(text, '  SLOT_FULL')).toEqual([2, 0, 0, 2]);
    expect(numbersOf(text, 'seats given back by cancel')).toEqual([1, 0, 0, 1]);
    expect(numbersOf(text, 'seats given back by no-show')).toEqual([1, 0, 0, 1]);
    expect(numbersOf(text, 'seen by the doctor')).toEqual([10, 1, 1, 12]);
    expect(text).not.toMatch(/Early \d|\+91/);
  });

  it('is not played a second time on the same day', async () => {
    const first = await play(day);
    const date = /played on ([\d-]+)/.exec(first.text)?.[1];
    const again = await play(day, { date });
    expect(again).toEqual({
      status: EXIT.notPlayed,
      text: expect.stringContaining('has been booked before'),
    });
  });
});

describe('a generated day', () => {
  const generated = generateDay({ seed: 5, doctors: 2, arrivals: 60 });

  it('is played to its end in wide windows too, and nothing is broken', async () => {
    const { status, text } = await play(generated, { windowMinutes: 30, concurrency: 64 });
    expect({ status, text }).toEqual(ALL_RULES_HELD);
    expect(numbersOf(text, 'asked').at(-1)).toBe(60);
    expect(numbersOf(text, 'bookings not answered')).toEqual([0, 0, 0, 0]);
  });

  it('ends with status 1 when the database is not what was answered', async () => {
    const connection = await connectMongo({ mongodbUri: CLINIC_ENV.MONGODB_URI });
    const slots = connection.db?.collection<{ _id: string }>('slots');
    const filter = { doctorId: 'sim-dr-01', bookedCount: { $gt: 0 } };
    const tampered = await slots?.findOneAndUpdate(filter, { $inc: { bookedCount: 1 } });
    const { status, text } = await play(generated, { windowMinutes: 30 });
    await slots?.updateOne({ _id: tampered?._id ?? '' }, { $inc: { bookedCount: -1 } });
    await connection.close();

    expect({ status, text }).toEqual({
      status: EXIT.ruleBroken,
      text: expect.stringContaining(`BOOKED_COUNT in ${tampered?._id}`),
    });
  });
});

describe('a clinic that cannot be played in', () => {
  const day = `${HEADER}\n400,sim-dr-01,09:00,ONLINE,Somebody,SHOW\n`;

  it('is one that does not run', async () => {
    env = { ...env, DESK_API_PORT: '1' };
    const { status, text } = await play(day);
    env = { ...env, DESK_API_PORT: new URL((await apis[1]?.getUrl()) ?? '').port };
    expect({ status, text }).toEqual({
      status: EXIT.notPlayed,
      text: expect.stringContaining('desk-api is not ready at http://127.0.0.1:1'),
    });
  });

  it('asks nothing of it for a file that is wrong', async () => {
    const { status, text } = await play(`${HEADER}\n400,sim-dr-99,09:00,ONLINE,P,LATE\n`);
    expect({ status, text }).toEqual({
      status: EXIT.badInput,
      text: expect.stringContaining('Line 2, outcome: "LATE" must be one of SHOW, NOSHOW, CANCEL.'),
    });
  });
});
