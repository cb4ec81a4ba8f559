/**
 * Goal: who holds the phone signs in, once per code; who guesses does not, however he asks.
 * Method: a real MongoDB, two sets of parts as two processes have them, a clock that is turned, races.
 */
import type { Outcome, PatientSignInReply } from '@opd/contracts';
import { testMongoUri } from '@opd/testing';
import type { Connection } from 'mongoose';
import { SignInPatient } from './sign-in-patient';
import { closeDatabase, newPhone, openDatabase, signInParts, TurnedClock } from './testing';

const clock = new TurnedClock();
let connection: Connection;
let otherConnection: Connection;
let parts: ReturnType<typeof signInParts>;
let signIn: SignInPatient;
let otherSignIn: SignInPatient;

beforeAll(async () => {
  const uri = testMongoUri();
  [connection, otherConnection] = [await openDatabase(uri), await openDatabase(uri)];
  parts = signInParts(connection, clock);
  signIn = new SignInPatient(parts);
  otherSignIn = new SignInPatient(signInParts(otherConnection, clock));
});

afterAll(async () => {
  await otherConnection.close();
  await closeDatabase(connection);
});

/** A code that is not this one. */
const wrong = (code: string) => (code === '000000' ? '000001' : '000000');
const codeOf = (outcome: Outcome<PatientSignInReply>) => (outcome.ok ? 'OK' : outcome.refusal.code);
const patientCount = (phone: string) =>
  connection.db!.collection('patients').countDocuments({ phone });

async function phoneWithCode(): Promise<{ phone: string; code: string }> {
  const phone = newPhone();
  return { phone, code: await parts.codes.make(phone) };
}

describe('SignInPatient', () => {
  it('registers a new patient by name and hands out a token that names him', async () => {
    const { phone, code } = await phoneWithCode();
    const outcome = await signIn.execute({ phone, code, name: 'Asha Rao' });
    if (!outcome.ok) throw new Error(outcome.refusal.detail);
    const { accessToken, expiresInSeconds, patient } = outcome.value;
    expect(patient).toMatchObject({ name: 'Asha Rao', phone });
    expect(expiresInSeconds).toBe(43_200);
    const identity = { userId: patient.patientId, role: 'PATIENT' };
    expect(await parts.tokens.verify(accessToken)).toEqual(identity);
  });

  it('signs the earliest of the family in without a name, and any member with his', async () => {
    const phone = newPhone();
    const names = ['Zoya', 'Asha', undefined, ' zOYA '];
    const signedIn: string[] = [];
    for (const name of names) {
      clock.forwardSeconds(1);
      const code = await parts.codes.make(phone);
      const outcome = await signIn.execute({ phone, code, name });
      if (outcome.ok) signedIn.push(outcome.value.patient.name);
    }
    expect(signedIn).toEqual(['Zoya', 'Asha', 'Zoya', 'Zoya']);
    expect(await patientCount(phone)).toBe(2);
  });

  it('asks a new phone for a name; the code stays good, less one try', async () => {
    const { phone, code } = await phoneWithCode();
    for (let n = 0; n < 4; n += 1) {
      expect(await signIn.execute({ phone, code })).toMatchObject({
        ok: false,
        refusal: {
          code: 'VALIDATION_FAILED',
          extensions: { errors: [{ path: 'name', message: expect.any(String) }] },
        },
      });
    }
    expect(await patientCount(phone)).toBe(0);
    expect(codeOf(await signIn.execute({ phone, code, name: 'Asha' }))).toBe('OK');
  });

  it('does not tell a stranger that a phone is new', async () => {
    const { phone, code } = await phoneWithCode();
    expect(codeOf(await signIn.execute({ phone, code: wrong(code) }))).toBe('INVALID_CREDENTIALS');
  });
});

describe('a code', () => {
  it('gets one text when it is wrong, used, expired, never sent or of another phone', async () => {
    const used = await phoneWithCode();
    await signIn.execute({ ...used, name: 'Asha' });
    const expired = await phoneWithCode();
    const foreign = await phoneWithCode();
    const asked = await phoneWithCode();
    clock.forwardSeconds(299);
    const fresh = await phoneWithCode();
    clock.forwardSeconds(1);
    const outcomes = [
      await signIn.execute({ ...used, name: 'Asha' }),
      await signIn.execute({ ...expired, name: 'Asha' }),
      await signIn.execute({ phone: fresh.phone, code: wrong(fresh.code), name: 'Asha' }),
      await signIn.execute({ phone: newPhone(), code: '123456', name: 'Asha' }),
      await signIn.execute({ phone: asked.phone, code: foreign.code, name: 'Asha' }),
    ];
    expect(outcomes.map(codeOf)).toEqual(Array(5).fill('INVALID_CREDENTIALS'));
    expect(new Set(outcomes.map((each) => JSON.stringify(each))).size).toBe(1);
  });

  it('is good for 5 minutes', async () => {
    const { phone, code } = await phoneWithCode();
    clock.forwardSeconds(299);
    expect(codeOf(await signIn.execute({ phone, code, name: 'Asha' }))).toBe('OK');
  });

  it('is bound to its phone, even if the stored codes are swapped', async () => {
    const codes = connection.db!.collection('one_time_codes');
    const before = await codes.distinct('codeHash');
    const { phone, code } = await phoneWithCode();
    const fresh = await codes.findOne({ codeHash: { $nin: before } });
    const other = await phoneWithCode();
    await codes.updateMany({}, { $set: { codeHash: fresh!['codeHash'] as string } });
    const swapped = await signIn.execute({ phone: other.phone, code, name: 'Asha' });
    expect(codeOf(swapped)).toBe('INVALID_CREDENTIALS');
    expect(codeOf(await signIn.execute({ phone, code, name: 'Asha' }))).toBe('OK');
  });

  it('has 5 tries: after 5 wrong ones the right one is refused', async () => {
    const { phone, code } = await phoneWithCode();
    for (let n = 0; n < 5; n += 1) await signIn.execute({ phone, code: wrong(code) });
    expect(codeOf(await signIn.execute({ phone, code, name: 'Asha' }))).toBe('INVALID_CREDENTIALS');
    expect(await patientCount(phone)).toBe(0);
  });

  it('still opens at the fifth try', async () => {
    const { phone, code } = await phoneWithCode();
    for (let n = 0; n < 4; n += 1) await signIn.execute({ phone, code: wrong(code) });
    expect(codeOf(await signIn.execute({ phone, code, name: 'Asha' }))).toBe('OK');
  });
});

describe('50 tries at once, from two processes', () => {
  const storm = (request: (n: number) => { phone: string; code: string }) =>
    Promise.all(
      Array.from({ length: 50 }, (_, n) =>
        (n % 2 ? signIn : otherSignIn).execute({ ...request(n), name: 'Asha' }),
      ),
    );

  it('with the right code let exactly one in', async () => {
    for (let round = 0; round < 5; round += 1) {
      const { phone, code } = await phoneWithCode();
      const outcomes = (await storm(() => ({ phone, code }))).map(codeOf);
      expect(outcomes.filter((each) => each === 'OK')).toHaveLength(1);
      expect(outcomes.filter((each) => each === 'INVALID_CREDENTIALS')).toHaveLength(49);
      expect(await patientCount(phone)).toBe(1);
    }
  });

  it('with 50 different codes compare 5', async () => {
    const { phone, code } = await phoneWithCode();
    const guesses = Array.from({ length: 50 }, (_, n) => n.toString().padStart(6, '0'));
    if (guesses.includes(code)) return;
    const compared = jest.fn();
    const takeTry = parts.codes.takeTry.bind(parts.codes);
    const counting = Object.create(parts.codes) as typeof parts.codes;
    counting.takeTry = async (of) => {
      const taken = await takeTry(of);
      if (taken === undefined) return undefined;
      const matches = (guess: string) => (compared(), taken.matches(guess));
      return { ...taken, matches };
    };
    const watched = new SignInPatient({ ...parts, codes: counting });
    const tries = guesses.map((guess) => watched.execute({ phone, code: guess, name: 'Asha' }));
    expect((await Promise.all(tries)).every((each) => !each.ok)).toBe(true);
    expect(compared).toHaveBeenCalledTimes(5);
    const stored = await connection
      .db!.collection('one_time_codes')
      .find({ triesUsed: 5 })
      .toArray();
    expect(stored.length).toBeGreaterThan(0);
  });
});

describe('the limit over all codes of a phone', () => {
  it('lets 15 wrong tries an hour be compared, then not even the right code', async () => {
    const phone = newPhone();
    let code = '';
    for (let sent = 0; sent < 3; sent += 1) {
      code = await parts.codes.make(phone);
      for (let n = 0; n < 5; n += 1) {
        expect(codeOf(await signIn.execute({ phone, code: wrong(code) }))).toBe(
          'INVALID_CREDENTIALS',
        );
      }
    }
    code = await parts.codes.make(phone);
    clock.forwardSeconds(10);
    expect(await signIn.execute({ phone, code, name: 'Asha' })).toMatchObject({
      ok: false,
      refusal: { code: 'RATE_LIMITED', retryAfterSeconds: 3_590 },
    });
    clock.forwardSeconds(3_590);
    code = await parts.codes.make(phone);
    expect(codeOf(await signIn.execute({ phone, code, name: 'Asha' }))).toBe('OK');
  });

  it('is cleared by a right code: a patient may sign in as often as he likes', async () => {
    const phone = newPhone();
    for (let n = 0; n < 20; n += 1) {
      const code = await parts.codes.make(phone);
      await signIn.execute({ phone, code: wrong(code) });
      expect(codeOf(await signIn.execute({ phone, code, name: 'Asha' }))).toBe('OK');
    }
  });
});
