/**
 * Goal: passwords are hashed strongly and checked few at a time, with a bound on who waits.
 * Method: work that ends when the test says so; real argon2 for the hashes.
 */
import { hashPassword, PasswordChecks } from './password-checks';

/** Work that can be ended from outside. */
function held() {
  let end!: () => void;
  const ended = new Promise<void>((resolve) => (end = resolve));
  return { end, ended };
}

/** Lets every promise that can go on go on. */
const settle = () => new Promise((resolve) => setImmediate(resolve));

describe('hashPassword', () => {
  it('is argon2id with 19 MiB, 2 passes, 1 lane, and a salt of its own', async () => {
    const hashes = [await hashPassword('a password'), await hashPassword('a password')];
    for (const hash of hashes) expect(hash).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
    expect(hashes[0]).not.toBe(hashes[1]);
  });
});

describe('PasswordChecks', () => {
  it('know the right password from a wrong one', async () => {
    const checks = new PasswordChecks();
    const hash = await hashPassword('a password');
    expect(await checks.matches(hash, 'a password')).toBe(true);
    expect(await checks.matches(hash, 'A password')).toBe(false);
  });

  it('work as long for nobody as for somebody', async () => {
    const checks = new PasswordChecks();
    const hash = await hashPassword('a password');
    await checks.matches(undefined, 'warm up');
    const timesOf = async (of: string | undefined) => {
      const times: number[] = [];
      for (let n = 0; n < 15; n += 1) {
        const startedAt = performance.now();
        expect(await checks.matches(of, 'wrong')).toBe(false);
        times.push(performance.now() - startedAt);
      }
      return Math.min(...times);
    };
    const [known, unknown] = [await timesOf(hash), await timesOf(undefined)];
    // The floor of 15 samples: a noisy machine makes some slower, none faster.
    expect(unknown / known).toBeGreaterThan(0.5);
    expect(unknown / known).toBeLessThan(2);
  });

  it('run two at a time, the others in order of arrival', async () => {
    const checks = new PasswordChecks();
    const works = Array.from({ length: 5 }, held);
    const started: number[] = [];
    const results = works.map((work, n) =>
      checks.inTurn(async () => {
        started.push(n);
        await work.ended;
        return n;
      }),
    );
    await settle();
    expect(started).toEqual([0, 1]);
    works[1]!.end();
    await settle();
    expect(started).toEqual([0, 1, 2]);
    works.forEach((work) => work.end());
    expect(await Promise.all(results)).toEqual([0, 1, 2, 3, 4]);
    expect(started).toEqual([0, 1, 2, 3, 4]);
  });

  it('turn away who would be the 63rd, at once and without running him', async () => {
    const checks = new PasswordChecks();
    const work = held();
    const inside = Array.from({ length: 62 }, () => checks.inTurn(() => work.ended.then(() => 1)));
    const late = jest.fn(() => Promise.resolve(1));
    expect(await checks.inTurn(late)).toBeUndefined();
    expect(late).not.toHaveBeenCalled();
    work.end();
    expect(await Promise.all(inside)).toEqual(Array(62).fill(1));
    expect(await checks.inTurn(late)).toBe(1);
  });

  it('pass the turn on when work fails', async () => {
    const checks = new PasswordChecks();
    const failing = () => Promise.reject(new Error('away'));
    const outcomes = await Promise.allSettled(
      Array.from({ length: 20 }, () => checks.inTurn(failing)),
    );
    expect(outcomes.every((each) => each.status === 'rejected')).toBe(true);
    expect(await checks.inTurn(() => Promise.resolve('in'))).toBe('in');
  });
});
