/**
 * Goal: the database refuses what the code would not write, and the steps can run again and at once.
 * Method: raw writes past the code, into collections that the steps made.
 */
import { testMongoUri } from '@opd/testing';
import type { Connection } from 'mongoose';
import { authMigrations } from './schema';
import { closeDatabase, openDatabase } from './testing';

let connection: Connection;

beforeAll(async () => {
  connection = await openDatabase(testMongoUri());
});

afterAll(() => closeDatabase(connection));

const GOOD: Record<string, Record<string, unknown>> = {
  patients: {
    _id: 'pt_1',
    phone: '+919876543210',
    phoneReversed: '012345678919',
    name: 'Asha',
    nameKey: 'asha',
    createdAt: new Date(),
  },
  staff: {
    _id: 'st_1',
    username: 'asha',
    passwordHash: '$argon2id$v=19$x',
    role: 'DESK',
    name: 'Asha',
    active: true,
    isDemo: false,
    createdAt: new Date(),
  },
  one_time_codes: { _id: 'hash', codeHash: 'hash', triesUsed: 0, expiresAt: new Date() },
  sign_in_attempts: { _id: 'hash', count: 1, expiresAt: new Date() },
};

const insert = (collection: string, document: Record<string, unknown>) =>
  connection.db!.collection(collection).insertOne(document);

describe.each(Object.entries(GOOD))('%s', (collection, good) => {
  it('takes a good document, and none with a field more or less', async () => {
    await insert(collection, { ...good });
    await connection.db!.collection(collection).deleteMany({});
    await expect(insert(collection, { ...good, isVip: true })).rejects.toMatchObject({ code: 121 });
    for (const field of Object.keys(good).filter((each) => each !== '_id')) {
      const rest = Object.fromEntries(Object.entries(good).filter(([name]) => name !== field));
      await expect(insert(collection, rest)).rejects.toMatchObject({ code: 121 });
    }
  });
});

describe('fields', () => {
  it.each([
    ['patients', { _id: 'someone' }],
    ['patients', { phone: '9876543210' }],
    ['patients', { phone: { $ne: null } }],
    ['patients', { phoneReversed: 'abc' }],
    ['patients', { name: '' }],
    ['staff', { role: 'PATIENT' }],
    ['staff', { passwordHash: 'desk-demo' }],
    ['staff', { active: 'yes' }],
    ['one_time_codes', { triesUsed: -1 }],
    ['one_time_codes', { expiresAt: 'tomorrow' }],
    ['sign_in_attempts', { count: '1' }],
  ])('of %s refuse %j', async (collection, wrong) => {
    await expect(insert(collection, { ...GOOD[collection], ...wrong })).rejects.toMatchObject({
      code: 121,
    });
  });

  it('that must be unique are', async () => {
    await insert('patients', { ...GOOD['patients'] });
    await expect(insert('patients', { ...GOOD['patients'], _id: 'pt_2' })).rejects.toMatchObject({
      code: 11_000,
    });
    await insert('staff', { ...GOOD['staff'] });
    await expect(insert('staff', { ...GOOD['staff'], _id: 'st_2' })).rejects.toMatchObject({
      code: 11_000,
    });
  });
});

describe('steps', () => {
  it('have ids of their own', () => {
    expect(new Set(authMigrations.map((each) => each.id)).size).toBe(authMigrations.length);
  });

  it('may run again, and at once in several processes, and change nothing', async () => {
    const shape = async () => {
      const collections = await connection.db!.listCollections().toArray();
      const indexes = await Promise.all(
        collections.map((each) => connection.db!.collection(each.name).indexes()),
      );
      return { collections, indexes };
    };
    const before = await shape();
    const runs = Array.from({ length: 4 }, async () => {
      for (const migration of authMigrations) await migration.up(connection.db!);
    });
    await Promise.all(runs);
    expect(await shape()).toEqual(before);
  });

  it('make everything from nothing when several processes start at once', async () => {
    const fresh = connection.useDb(`${connection.name}_fresh`);
    const runs = Array.from({ length: 4 }, async () => {
      for (const migration of authMigrations) await migration.up(fresh.db!);
    });
    await Promise.all(runs);
    const made = await fresh.db!.listCollections().toArray();
    expect(made.map((each) => each.name).sort()).toEqual(Object.keys(GOOD).sort());
    await fresh.dropDatabase();
  });
});
