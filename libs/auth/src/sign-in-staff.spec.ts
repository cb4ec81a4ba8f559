/**
 * Goal: the staff signs in with a password; who guesses learns nothing and is soon stopped.
 * Method: a real MongoDB and real argon2, two sets of parts as two processes have them, a turned clock.
 */
import { randomBytes } from 'node:crypto';
import type { Outcome, StaffSignInReply } from '@opd/contracts';
import { testMongoUri } from '@opd/testing';
import type { Connection } from 'mongoose';
import { PasswordChecks } from './password-checks';
import { SignInStaff } from './sign-in-staff';
import { StaffAccounts, type NewStaffMember } from './staff-accounts';
import { closeDatabase, openDatabase, signInParts, TurnedClock } from './testing';

const PASSWORD = 'a long enough password';
const clock = new TurnedClock();
let connection: Connection;
let otherConnection: Connection;

beforeAll(async () => {
  const uri = testMongoUri();
  [connection, otherConnection] = [await openDatabase(uri), await openDatabase(uri)];
});

afterAll(async () => {
  await otherConnection.close();
  await closeDatabase(connection);
});

function openHouse(isDemo = false, on: Connection = connection) {
  const accounts = new StaffAccounts(on, { isDemo }, clock.now);
  const parts = { ...signInParts(on, clock), checks: new PasswordChecks(), accounts };
  return { accounts, tokens: parts.tokens, signIn: new SignInStaff(parts) };
}

const codeOf = (outcome: Outcome<StaffSignInReply>) => (outcome.ok ? 'OK' : outcome.refusal.code);
const staff = () => connection.db!.collection('staff');
const member = (overrides: Partial<NewStaffMember> = {}): NewStaffMember => ({
  username: `user-${randomBytes(4).toString('hex')}`,
  password: PASSWORD,
  name: 'Desk One',
  role: 'DESK',
  ...overrides,
});

async function addMember(overrides: Partial<NewStaffMember> = {}): Promise<NewStaffMember> {
  const added = member(overrides);
  const outcome = await openHouse().accounts.add(added);
  if (!outcome.ok) throw new Error(outcome.refusal.detail);
  return added;
}

describe('StaffAccounts.add', () => {
  it('opens an account; the password is stored as a hash only', async () => {
    const added = member({ username: 'Asha.Rao', name: ' Asha Rao ', role: 'ADMIN' });
    const outcome = await openHouse().accounts.add(added);
    expect(outcome).toEqual({
      ok: true,
      value: { userId: expect.stringMatching(/^st_[\w-]{22}$/), name: 'Asha Rao', role: 'ADMIN' },
    });
    const stored = await staff().findOne({ username: 'asha.rao' });
    expect(stored).toMatchObject({ active: true, isDemo: false });
    expect(stored?.['passwordHash']).toMatch(/^\$argon2id\$/);
    expect(JSON.stringify(stored)).not.toContain(PASSWORD);
  });

  it('gives a name once, also when 20 ask for it at once in two processes', async () => {
    const added = member();
    const houses = [openHouse(), openHouse(false, otherConnection)];
    const tries = Array.from({ length: 20 }, (_, n) =>
      houses[n % 2]!.accounts.add({
        ...added,
        username: n % 3 ? added.username : added.username.toUpperCase(),
      }),
    );
    const outcomes = await Promise.all(tries);
    expect(outcomes.filter((each) => each.ok)).toHaveLength(1);
    const codes = outcomes.flatMap((each) => (each.ok ? [] : [each.refusal.code]));
    expect(codes).toEqual(Array(19).fill('ALREADY_EXISTS'));
    expect(await staff().countDocuments({ username: added.username })).toBe(1);
  });

  it.each([
    ['username', { username: 'a' }],
    ['username', { username: 'two words' }],
    ['username', { username: 'x'.repeat(51) }],
    ['password', { password: 'x'.repeat(11) }],
    ['password', { password: 'x'.repeat(201) }],
    ['name', { name: '  ' }],
    ['role', { role: 'PATIENT' as never }],
  ])('says what is wrong with the %s: %j', async (path, overrides) => {
    const before = await staff().countDocuments();
    expect(await openHouse().accounts.add(member(overrides))).toMatchObject({
      ok: false,
      refusal: { code: 'VALIDATION_FAILED', extensions: { errors: [{ path }] } },
    });
    expect(await staff().countDocuments()).toBe(before);
  });
});

describe('SignInStaff', () => {
  it('hands out a token that names the member and his role', async () => {
    const { username } = await addMember({ role: 'ADMIN', name: 'Asha' });
    const { signIn, tokens } = openHouse();
    const outcome = await signIn.execute({
      username: ` ${username.toUpperCase()}`,
      password: PASSWORD,
    });
    if (!outcome.ok) throw new Error(outcome.refusal.detail);
    const { user, accessToken, expiresInSeconds } = outcome.value;
    expect(user).toMatchObject({ role: 'ADMIN', name: 'Asha' });
    expect(expiresInSeconds).toBe(28_800);
    expect(await tokens.verify(accessToken)).toEqual({ userId: user.userId, role: 'ADMIN' });
  });

  it('gives a stranger, a wrong password and a closed account one text', async () => {
    const { username } = await addMember();
    const closed = await addMember();
    await staff().updateOne({ username: closed.username }, { $set: { active: false } });
    const { signIn } = openHouse();
    const outcomes = [
      await signIn.execute({ username: 'nobody-here', password: PASSWORD }),
      await signIn.execute({ username, password: `${PASSWORD}.` }),
      await signIn.execute({ username: closed.username, password: PASSWORD }),
    ];
    expect(outcomes.map(codeOf)).toEqual(Array(3).fill('INVALID_CREDENTIALS'));
    expect(new Set(outcomes.map((each) => JSON.stringify(each))).size).toBe(1);
  });

  it('turns away whom too many wait before, and counts nothing against him', async () => {
    const { username } = await addMember();
    const { signIn } = openHouse();
    const flood = Array.from({ length: 62 }, (_, n) =>
      signIn.execute({ username: `flood-${n}`, password: 'x' }),
    );
    expect(await signIn.execute({ username, password: PASSWORD })).toMatchObject({
      ok: false,
      refusal: { code: 'RATE_LIMITED', retryAfterSeconds: 1 },
    });
    await Promise.all(flood);
    expect(codeOf(await signIn.execute({ username, password: PASSWORD }))).toBe('OK');
  });
});

describe('failures', () => {
  it.each([
    ['a known', () => addMember()],
    ['an unknown', () => Promise.resolve(member())],
  ])('of %s name are stopped after 10 in 15 minutes', async (_, make) => {
    const { username } = await make();
    const { signIn } = openHouse();
    for (let n = 0; n < 10; n += 1) {
      const spelt = n % 2 ? username : ` ${username.toUpperCase()} `;
      expect(codeOf(await signIn.execute({ username: spelt, password: 'x' }))).toBe(
        'INVALID_CREDENTIALS',
      );
    }
    clock.forwardSeconds(60);
    expect(await signIn.execute({ username, password: PASSWORD })).toMatchObject({
      ok: false,
      refusal: { code: 'RATE_LIMITED', retryAfterSeconds: 840 },
    });
    expect(codeOf(await signIn.execute({ username: member().username, password: 'x' }))).toBe(
      'INVALID_CREDENTIALS',
    );
    clock.forwardSeconds(840);
    expect(codeOf(await signIn.execute({ username, password: 'x' }))).toBe('INVALID_CREDENTIALS');
  });

  it('are forgotten after a success', async () => {
    const { username } = await addMember();
    const { signIn } = openHouse();
    for (let round = 0; round < 2; round += 1) {
      for (let n = 0; n < 9; n += 1) await signIn.execute({ username, password: 'x' });
      expect(codeOf(await signIn.execute({ username, password: PASSWORD }))).toBe('OK');
    }
  });

  it('that come at once from two processes are stopped at 10, and the right password with them', async () => {
    const { username } = await addMember();
    const houses = [openHouse(), openHouse(false, otherConnection)];
    const tries = Array.from({ length: 40 }, (_, n) =>
      houses[n % 2]!.signIn.execute({ username, password: `wrong ${n}` }),
    );
    const codes = (await Promise.all(tries)).map(codeOf);
    expect(codes.filter((each) => each === 'INVALID_CREDENTIALS')).toHaveLength(10);
    expect(codes.filter((each) => each === 'RATE_LIMITED')).toHaveLength(30);
    const late = await houses[0]!.signIn.execute({ username, password: PASSWORD });
    expect(codeOf(late)).toBe('RATE_LIMITED');
  });

  it('are none when 40 desks sign in at once with one good password', async () => {
    const { username } = await addMember();
    const houses = [openHouse(), openHouse(false, otherConnection)];
    const tries = Array.from({ length: 40 }, (_, n) =>
      houses[n % 2]!.signIn.execute({ username, password: PASSWORD }),
    );
    expect((await Promise.all(tries)).map(codeOf)).toEqual(Array(40).fill('OK'));
  });
});

describe('the demo staff', () => {
  it('is made once, however many processes start at once, and signs in', async () => {
    const houses = [openHouse(true), openHouse(true, otherConnection)];
    await Promise.all(
      Array.from({ length: 10 }, (_, n) => houses[n % 2]!.accounts.ensureDemoStaff()),
    );
    await houses[0]!.accounts.ensureDemoStaff();
    expect(await staff().countDocuments({ isDemo: true })).toBe(2);
    const { signIn } = houses[0]!;
    const desk = await signIn.execute({ username: 'desk', password: 'desk-demo' });
    const admin = await signIn.execute({ username: 'admin', password: 'admin-demo' });
    expect([desk, admin]).toMatchObject([
      { ok: true, value: { user: { role: 'DESK' } } },
      { ok: true, value: { user: { role: 'ADMIN' } } },
    ]);
  });

  it('opens no house that is not the demo, even on the same database', async () => {
    await openHouse(true).accounts.ensureDemoStaff();
    const { accounts, signIn } = openHouse(false);
    expect(codeOf(await signIn.execute({ username: 'desk', password: 'desk-demo' }))).toBe(
      'INVALID_CREDENTIALS',
    );
    await expect(accounts.ensureDemoStaff()).rejects.toThrow('demo only');
  });
});
