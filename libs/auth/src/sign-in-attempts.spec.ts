/**
 * Goal: no more tries pass than the limit allows, however they come.
 * Method: a real MongoDB, two counters as two processes have them, a clock that is turned.
 */
import { testMongoUri } from '@opd/testing';
import type { Connection } from 'mongoose';
import { SignInAttempts, type AttemptLimit } from './sign-in-attempts';
import { closeDatabase, openDatabase, SPEC_SIGNING_KEY, TurnedClock } from './testing';

const LIMIT: AttemptLimit = { kind: 'staff-password', attempts: 3, windowSeconds: 60 };
const clock = new TurnedClock();
let connection: Connection;
let otherConnection: Connection;
let attempts: SignInAttempts;
let other: SignInAttempts;

beforeAll(async () => {
  const uri = testMongoUri();
  [connection, otherConnection] = [await openDatabase(uri), await openDatabase(uri)];
  attempts = new SignInAttempts(connection, SPEC_SIGNING_KEY, clock.now);
  other = new SignInAttempts(otherConnection, SPEC_SIGNING_KEY, clock.now);
});

afterAll(async () => {
  await otherConnection.close();
  await closeDatabase(connection);
});

async function passedOf(count: number, subject: string): Promise<number> {
  const tries = Array.from({ length: count }, (_, n) =>
    (n % 2 ? attempts : other).count(LIMIT, subject),
  );
  return (await Promise.all(tries)).filter((outcome) => outcome.ok).length;
}

describe('SignInAttempts', () => {
  it('lets the limit pass, then tells how long the wait is', async () => {
    for (let n = 0; n < 3; n += 1) {
      expect(await attempts.count(LIMIT, 'asha')).toEqual({ ok: true, value: undefined });
    }
    clock.forwardSeconds(15);
    expect(await other.count(LIMIT, 'asha')).toMatchObject({
      ok: false,
      refusal: { code: 'RATE_LIMITED', retryAfterSeconds: 45 },
    });
  });

  it('opens a new window when the old one ends; refused tries do not prolong it', async () => {
    expect(await passedOf(5, 'ravi')).toBe(3);
    clock.forwardSeconds(59);
    expect(await passedOf(5, 'ravi')).toBe(0);
    clock.forwardSeconds(1);
    expect(await passedOf(5, 'ravi')).toBe(3);
  });

  it('lets exactly the limit of 50 pass that come at once, new, and again in a new window', async () => {
    for (let round = 0; round < 5; round += 1) {
      const subject = `storm-${round}`;
      expect(await passedOf(50, subject)).toBe(3);
      clock.forwardSeconds(61);
      expect(await passedOf(50, subject)).toBe(3);
    }
  });

  it('counts subjects and kinds apart', async () => {
    const codeTries: AttemptLimit = { ...LIMIT, kind: 'code-try' };
    expect(await passedOf(3, 'zoya')).toBe(3);
    expect((await attempts.count(codeTries, 'zoya')).ok).toBe(true);
    expect((await attempts.count(LIMIT, 'zoyb')).ok).toBe(true);
    expect((await attempts.count(LIMIT, 'zoya')).ok).toBe(false);
  });

  it('forgets after a success', async () => {
    expect(await passedOf(4, 'meera')).toBe(3);
    await attempts.clear(LIMIT, 'meera');
    expect(await passedOf(4, 'meera')).toBe(3);
    await attempts.clear(LIMIT, 'nobody');
  });

  it('stores no name and no phone, and lets MongoDB remove what is over', async () => {
    await attempts.count(LIMIT, '+919876543210');
    const stored = await connection.db!.collection('sign_in_attempts').find().toArray();
    expect(stored.length).toBeGreaterThan(0);
    expect(JSON.stringify(stored)).not.toContain('9876543210');
    const indexes = await connection.db!.collection('sign_in_attempts').indexes();
    expect(indexes).toContainEqual(
      expect.objectContaining({ key: { expiresAt: 1 }, expireAfterSeconds: 0 }),
    );
  });
});
