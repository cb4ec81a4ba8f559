/**
 * Goal: one person is one patient, whoever asks and however often; the desk finds him by his phone.
 * Method: a real MongoDB, two directories as two processes have them, races of 50, counts read raw.
 */
import { testMongoUri } from '@opd/testing';
import type { Connection } from 'mongoose';
import { nameKeyOf, PatientDirectory } from './patients';
import { closeDatabase, newPhone, openDatabase, TurnedClock } from './testing';

let connection: Connection;
let otherConnection: Connection;
let directory: PatientDirectory;
let other: PatientDirectory;
const clock = new TurnedClock();

beforeAll(async () => {
  const uri = testMongoUri();
  [connection, otherConnection] = [await openDatabase(uri), await openDatabase(uri)];
  directory = new PatientDirectory(connection, clock.now);
  other = new PatientDirectory(otherConnection, clock.now);
});

afterAll(async () => {
  await otherConnection.close();
  await closeDatabase(connection);
});

const storedOf = (phone: string) => connection.db!.collection('patients').find({ phone }).toArray();

describe('nameKeyOf', () => {
  it.each([
    ['Asha Rao', '  asha   RAO '],
    ['Asha Rao', 'Ａｓｈａ　Ｒａｏ'],
    ['José', 'JOSE\u0301'],
    ['Straße', 'STRASSE'],
    ['Οδυσσεύς', 'ΟΔΥΣΣΕΎΣ'],
    ['Asha Rao', 'asha\u00a0\tRao'],
    ['Asha', '\u{1d400}sha'],
    ['\u0390', '\u03aa\u0301'],
  ])('takes %s and %s for one name', (one, another) => {
    expect(nameKeyOf(one)).toBe(nameKeyOf(another));
  });

  it.each([
    ['Asha Rao', 'AshaRao'],
    ['Asha', 'Usha'],
    ['José', 'Jose'],
  ])('keeps %s and %s apart', (one, another) => {
    expect(nameKeyOf(one)).not.toBe(nameKeyOf(another));
  });
});

describe('findOrAdd', () => {
  it('registers a person once; the first spelling stays', async () => {
    const phone = newPhone();
    const first = await directory.findOrAdd({ phone, name: ' Asha   Rao ' });
    expect(first).toEqual({
      patientId: expect.stringMatching(/^pt_[\w-]{22}$/),
      phone,
      name: 'Asha Rao',
    });
    expect(await other.findOrAdd({ phone, name: 'ASHA RAO' })).toEqual(first);
    expect(await storedOf(phone)).toHaveLength(1);
  });

  it('makes one document of 50 who ask at once in two processes', async () => {
    for (let round = 0; round < 5; round += 1) {
      const phone = newPhone();
      const asked = Array.from({ length: 50 }, (_, n) =>
        (n % 2 ? directory : other).findOrAdd({ phone, name: n % 3 ? 'Asha' : 'ASHA ' }),
      );
      const patients = await Promise.all(asked);
      expect(new Set(patients.map((each) => each.patientId)).size).toBe(1);
      expect(await storedOf(phone)).toHaveLength(1);
    }
  });

  it('takes another name for a member of the family, and another phone for somebody else', async () => {
    const [phone, otherPhone] = [newPhone(), newPhone()];
    const people = [
      await directory.findOrAdd({ phone, name: 'Asha' }),
      await directory.findOrAdd({ phone, name: 'Ravi' }),
      await directory.findOrAdd({ phone: otherPhone, name: 'Asha' }),
    ];
    expect(new Set(people.map((each) => each.patientId)).size).toBe(3);
    expect(await storedOf(phone)).toHaveLength(2);
  });
});

describe('looking patients up', () => {
  it('finds by id, and nobody by an id that names nobody', async () => {
    const patient = await directory.findOrAdd({ phone: newPhone(), name: 'Asha' });
    expect(await directory.byId(patient.patientId)).toEqual(patient);
    expect(await directory.byId('pt_nobody')).toBeUndefined();
  });

  it('finds many by id at once', async () => {
    const phone = newPhone();
    const asha = await directory.findOrAdd({ phone, name: 'Asha' });
    const ravi = await directory.findOrAdd({ phone, name: 'Ravi' });
    const ids = [asha.patientId, ravi.patientId, asha.patientId, 'pt_nobody'];
    const found = await directory.byIds(ids);
    expect([...found.keys()].sort()).toEqual([asha.patientId, ravi.patientId].sort());
    expect(found.get(ravi.patientId)).toEqual(ravi);
    expect(await directory.byIds([])).toEqual(new Map());
  });

  it('finds the earliest registered of a phone', async () => {
    const phone = newPhone();
    expect(await directory.firstOf(phone)).toBeUndefined();
    const first = await directory.findOrAdd({ phone, name: 'Zoya' });
    for (const name of ['Asha', 'Ravi', 'Meera', 'Kabir', 'Isha', 'Dev', 'Anil', 'Uma']) {
      clock.forwardSeconds(1);
      await directory.findOrAdd({ phone, name });
    }
    expect(await directory.firstOf(phone)).toEqual(first);
  });
});

describe('search', () => {
  const numbers = ['+441110077', '+442220077', '+443330078', '+4477007', '+919990077001'];

  beforeAll(async () => {
    for (const phone of numbers) await directory.findOrAdd({ phone, name: 'Asha' });
    await directory.findOrAdd({ phone: '+441110077', name: 'Ravi' });
  });

  async function phonesFor(part: string): Promise<string[]> {
    const found = await directory.search(part, 50);
    if (!found.ok) throw new Error(found.refusal.detail);
    return found.value.items.map((each) => each.phone).sort();
  }

  it('finds whole families by the last 4 digits, and only by the last', async () => {
    expect(await phonesFor('0077')).toEqual(['+441110077', '+441110077', '+442220077']);
    expect(await phonesFor('10077')).toEqual(['+441110077', '+441110077']);
    expect(await phonesFor('9999')).toEqual([]);
  });

  it('finds a full number, with and without its plus sign and blanks', async () => {
    expect(await phonesFor('+443330078')).toEqual(['+443330078']);
    expect(await phonesFor('443330078')).toEqual(['+443330078']);
    expect(await phonesFor(' +44 (333) 00-78 ')).toEqual(['+443330078']);
    // The blank is what a plus sign becomes in a query that was not encoded.
    expect(await phonesFor(' 443330078')).toEqual(['+443330078']);
  });

  it('takes a plus sign for the start of a full number, never for a part', async () => {
    expect(await phonesFor('+0077')).toEqual([]);
  });

  it.each(['', '077', '+', 'abcd', '00.7', '.*', '^0077', '0077|0078', '$ne', '1'.repeat(16)])(
    'refuses %p before it asks the store',
    async (part) => {
      expect(await directory.search(part, 50)).toMatchObject({
        ok: false,
        refusal: { code: 'VALIDATION_FAILED', extensions: { errors: [{ path: 'phone' }] } },
      });
    },
  );

  it('pages through all, each once, in one order', async () => {
    const names = Array.from({ length: 7 }, (_, n) => `Member ${n}`);
    for (const name of names) await directory.findOrAdd({ phone: '+335556666', name });
    await directory.findOrAdd({ phone: '+335546666', name: 'Neighbour' });
    const seen: string[] = [];
    const sizes: number[] = [];
    let cursor: string | undefined;
    do {
      const page = await directory.search('6666', 3, cursor);
      if (!page.ok) throw new Error(page.refusal.detail);
      seen.push(...page.value.items.map((each) => each.name));
      sizes.push(page.value.items.length);
      cursor = page.value.nextCursor;
    } while (cursor !== undefined && sizes.length < 10);
    expect(sizes).toEqual([3, 3, 2]);
    expect([...seen].sort()).toEqual([...names, 'Neighbour'].sort());
  });

  it('refuses a cursor that no page gave', async () => {
    expect(await directory.search('0077', 3, 'pt_nobody')).toMatchObject({
      ok: false,
      refusal: { code: 'VALIDATION_FAILED', extensions: { errors: [{ path: 'cursor' }] } },
    });
  });

  it('reads the index, not the collection', async () => {
    const range = { phoneReversed: { $gte: '7700', $lt: '7700:' } };
    const plan = await connection
      .db!.collection('patients')
      .find(range)
      .sort({ phoneReversed: 1, _id: 1 })
      .explain('executionStats');
    expect(JSON.stringify(plan)).not.toContain('COLLSCAN');
    expect(plan['executionStats']).toMatchObject({ nReturned: 3, totalDocsExamined: 3 });
  });
});
