/**
 * Goal: a MongoDB that is away, frozen or failing ends in a fault with a name, in bounded time, and
 * everything goes on by itself when it is back.
 * Method: a mongod of the suite's own, frozen and stopped; `failCommand` for single errors.
 */
import { OutcomeUnknownError, StoreUnavailableError } from '@opd/contracts';
import { spawnTestMongod } from '@opd/testing';
import { createConnection, type Connection } from 'mongoose';
import { PatientDirectory } from './patients';
import { SignInPatient } from './sign-in-patient';
import { readStore, writeStore } from './store';
import { newPhone, openDatabase, signInParts, TurnedClock } from './testing';

let mongod: Awaited<ReturnType<typeof spawnTestMongod>>;
let connection: Connection;
/** Switches faults on and off; they are meant for the other connection. */
let control: Connection;
let patients: PatientDirectory;

beforeAll(async () => {
  mongod = await spawnTestMongod();
  const uri = new URL(mongod.uri);
  uri.pathname = '/store_spec';
  connection = await openDatabase(uri.href);
  control = await createConnection(uri.href, { appName: 'control' }).asPromise();
  patients = new PatientDirectory(connection);
});

afterAll(async () => {
  await Promise.all([connection.close(true), control.close(true)]);
  await mongod.stop();
});

async function failing(
  data: Record<string, unknown>,
  work: () => Promise<void>,
  mode: string | { times: number } = 'alwaysOn',
): Promise<void> {
  const admin = control.db!.admin();
  await admin.command({ configureFailPoint: 'failCommand', mode, data });
  try {
    await work();
  } finally {
    await admin.command({ configureFailPoint: 'failCommand', mode: 'off' });
    await connection.db!.command({ ping: 1 });
  }
}

const newPerson = () => ({ phone: newPhone(), name: 'Asha' });

describe('a failing MongoDB', () => {
  it('makes a read a StoreUnavailableError', async () => {
    await failing({ failCommands: ['find'], closeConnection: true }, async () => {
      await expect(patients.byId('pt_1')).rejects.toThrow(StoreUnavailableError);
    });
    expect(await patients.byId('pt_1')).toBeUndefined();
  });

  it.each([50, 91, 10_107, 11_600, 13_435])('takes code %d for being away', async (errorCode) => {
    await failing({ failCommands: ['find'], errorCode }, async () => {
      await expect(patients.byId('pt_1')).rejects.toThrow(StoreUnavailableError);
    });
  });

  it('makes a write that may have landed an OutcomeUnknownError; repeating it is safe', async () => {
    const person = newPerson();
    await failing({ failCommands: ['findAndModify'], closeConnection: true }, async () => {
      await expect(patients.findOrAdd(person)).rejects.toThrow(OutcomeUnknownError);
    });
    const writeConcernError = { code: 64, errmsg: 'waiting for replication timed out' };
    await failing({ failCommands: ['findAndModify'], writeConcernError }, async () => {
      await expect(patients.findOrAdd(person)).rejects.toThrow(OutcomeUnknownError);
    });
    await patients.findOrAdd(person);
    const stored = connection.db!.collection('patients').countDocuments({ phone: person.phone });
    expect(await stored).toBe(1);
  });

  // The driver hands on what Node says of a socket that is reset under its hands.
  it('takes a reset during the writing of a request for being away, not for a bug', async () => {
    const reset = () =>
      Promise.reject(
        Object.assign(new Error('write ECONNRESET'), { code: 'ECONNRESET', syscall: 'write' }),
      );
    await expect(readStore(reset)).rejects.toThrow(StoreUnavailableError);
    await expect(writeStore(reset)).rejects.toThrow(OutcomeUnknownError);
  });

  it('hides no bug of ours', async () => {
    await failing({ failCommands: ['find'], errorCode: 2 }, async () => {
      await expect(patients.byId('pt_1')).rejects.toMatchObject({ code: 2 });
    });
  });

  it('loses no one-time code: after a failed sign-in the same code signs in', async () => {
    const parts = signInParts(connection, new TurnedClock());
    const signIn = new SignInPatient(parts);
    const person = newPerson();
    const code = await parts.codes.make(person.phone);
    await failing({ failCommands: ['find'], errorCode: 50 }, async () => {
      await expect(signIn.execute({ ...person, code })).rejects.toThrow(StoreUnavailableError);
    });
    expect((await signIn.execute({ ...person, code })).ok).toBe(true);
  });
});

describe('a unique index that refuses an insert', () => {
  const collision = {
    failCommands: ['findAndModify', 'update'],
    errorCode: 11_000,
    errorExtraInfo: { keyPattern: { _id: 1 }, keyValue: { _id: 'taken' } },
  };

  it('means that somebody else registered the patient meanwhile: he is the patient', async () => {
    const person = newPerson();
    const held = { ...collision, blockConnection: true, blockTimeMS: 400 };
    const winner = { _id: 'pt_winner', ...person };
    const rest = { nameKey: 'asha', phoneReversed: '0000000', createdAt: new Date() };
    await failing(held, async () => {
      const asked = patients.findOrAdd(person);
      await new Promise((resolve) => setTimeout(resolve, 150));
      await control.db!.collection('patients').insertOne({ ...winner, ...rest } as never);
      expect(await asked).toEqual({ patientId: 'pt_winner', ...person });
    });
  });

  it('makes a count and a code try again, once', async () => {
    const { attempts, codes } = signInParts(connection, new TurnedClock());
    const limit = { kind: 'code-try', attempts: 1, windowSeconds: 60 } as const;
    const once = { times: 1 };
    await failing(collision, async () => void (await attempts.count(limit, 'asha')), once);
    await failing(collision, async () => void (await codes.make('+919876543210')), once);
    expect((await attempts.count(limit, 'asha')).ok).toBe(false);
    expect(await codes.takeTry('+919876543210')).toBeDefined();
    await failing(collision, async () => {
      await expect(codes.make('+919876543210')).rejects.toMatchObject({ code: 11_000 });
    });
  });
});

describe('a frozen MongoDB', () => {
  it('is given up after 2 s, and used again when it thaws', async () => {
    const person = newPerson();
    process.kill(mongod.pid, 'SIGSTOP');
    const startedAt = performance.now();
    const asked = await Promise.allSettled([patients.byId('pt_1'), patients.findOrAdd(person)]);
    const waitedMs = performance.now() - startedAt;
    process.kill(mongod.pid, 'SIGCONT');
    for (const each of asked) {
      expect(each).toMatchObject({ reason: expect.any(StoreUnavailableError) });
    }
    expect(waitedMs).toBeLessThan(2_900);
    await connection.db!.command({ ping: 1 });
    expect(await patients.findOrAdd(person)).toMatchObject(person);
  });
});

describe('a MongoDB that was never there', () => {
  it('is a StoreUnavailableError for reads and writes', async () => {
    const uri = 'mongodb://127.0.0.1:1/none?serverSelectionTimeoutMS=200';
    const nowhere = createConnection(uri, { autoIndex: false });
    nowhere.asPromise().catch(() => undefined);
    const parts = signInParts(nowhere, new TurnedClock());
    await expect(parts.patients.byId('pt_1')).rejects.toThrow(StoreUnavailableError);
    await expect(parts.codes.make('+919876543210')).rejects.toThrow(StoreUnavailableError);
    await nowhere.close(true);
  });
});
