import type { RealClinic } from './clinic';
import { postOrThrow, type People } from './people';

/** What came of many who want the one seat that is left. */
export interface RaceResult {
  readonly races: number;
  readonly requests: number;
  readonly slowestMs: number;
  /** One sentence for every race that had not exactly one winner, or a wrong answer. */
  readonly findings: readonly string[];
}

/** How many want the seat at the same time. */
export const RACERS = 200;
const ONE_SEAT = { base: 1, premiumBuffer: 0, emergencyBuffer: 0 };
const DOCTOR_ID = 'last-seat';
const LOSES_WITH = ['SLOT_FULL', 'SLOT_BUSY'];

/**
 * Lets so many races be run one after the other, on stores that are well: both instances of the
 * desk's API are asked for the same single seat by 200 at once. One wins, and one seat is stored.
 */
export async function raceForLastSeats(
  clinic: RealClinic,
  people: People,
  races: number,
): Promise<RaceResult> {
  const admin = clinic.apis.of('admin')[0]?.url;
  const doctor = { doctorId: DOCTOR_ID, name: 'Race Doctor', specialty: 'Races' };
  await postOrThrow(`${admin}/v1/doctors`, doctor, people.adminToken);
  const findings: string[] = [];
  let slowestMs = 0;
  for (let race = 0; race < races; race++) {
    const slotId = await openSlot(`${admin}/v1/slots`, people);
    const urls = clinic.apis.of('desk').map(({ url }) => url);
    const answers = await Promise.all(
      Array.from({ length: RACERS }, (_, racer) =>
        ask(`${urls[racer % urls.length]}/v1/bookings`, people.deskToken, {
          slotId,
          type: 'WALKIN',
          patient: { name: `Racer ${racer}`, phone: `+9196${String(racer).padStart(8, '0')}` },
        }),
      ),
    );
    slowestMs = Math.max(slowestMs, ...answers.map(({ tookMs }) => tookMs));
    const slots = clinic.db.collection<{ _id: string; bookedCount: number; bookings: unknown[] }>(
      'slots',
    );
    const stored = await slots.findOne({ _id: slotId });
    const winners = answers.filter(({ status }) => status === 201).length;
    const wrong = answers.filter(
      ({ status, code }) => status !== 201 && !LOSES_WITH.includes(code),
    );
    if (winners !== 1 || stored?.bookedCount !== 1 || stored.bookings.length !== 1)
      findings.push(`race ${race}: ${winners} winners, ${stored?.bookings.length} stored`);
    if (wrong.length > 0) findings.push(`race ${race}: ${wrong.length} times ${wrong[0]?.code}`);
    await slots.deleteOne({ _id: slotId });
  }
  return { races, requests: races * RACERS, slowestMs: Math.round(slowestMs), findings };
}

async function openSlot(url: string, people: People): Promise<string> {
  const date = new Date(Date.now() + 86_400_000).toISOString().slice(0, 10);
  const times = { doctorId: DOCTOR_ID, date, start: '09:00', end: '10:00' };
  const slot = await postOrThrow(url, { ...times, capacity: ONE_SEAT }, people.adminToken);
  return (slot as { slotId: string }).slotId;
}

async function ask(url: string, token: string, body: unknown) {
  const sentAtMs = performance.now();
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
    body: JSON.stringify(body),
  });
  const { code = '' } = (await response.json()) as { code?: string };
  return { status: response.status, code, tookMs: performance.now() - sentAtMs };
}
