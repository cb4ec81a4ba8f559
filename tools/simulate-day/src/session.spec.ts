/**
 * Goal: a person signs in when needed and only then, however many requests need the token at once.
 * Method: a sign-in that counts its calls, and a clock that is moved on.
 */
import { Session } from './session';

function countedSession(expiresInSeconds: number, failures = 0) {
  const calls = { count: 0 };
  const session = new Session(() => {
    calls.count++;
    if (calls.count <= failures) return Promise.reject(new Error('not now'));
    return Promise.resolve({ accessToken: `token ${calls.count}`, expiresInSeconds });
  });
  return { session, calls };
}

describe('a session', () => {
  beforeEach(() => void jest.useFakeTimers({ now: 0 }));
  afterEach(() => void jest.useRealTimers());

  it('signs in once for all who ask at once, and keeps the token', async () => {
    const { session, calls } = countedSession(900);
    expect(calls.count).toBe(0);
    const tokens = await Promise.all([session.token(), session.token(), session.token()]);
    expect(tokens).toEqual(['token 1', 'token 1', 'token 1']);
    expect(await session.token()).toBe('token 1');
    expect(calls.count).toBe(1);
  });

  it('signs in again a minute before the token ends', async () => {
    const { session } = countedSession(900);
    await session.token();
    jest.setSystemTime(839_999);
    expect(await session.token()).toBe('token 1');
    jest.setSystemTime(840_000);
    expect(await session.token()).toBe('token 2');
  });

  it('uses a short token for half of its life', async () => {
    const { session } = countedSession(60);
    await session.token();
    jest.setSystemTime(29_999);
    expect(await session.token()).toBe('token 1');
    jest.setSystemTime(30_000);
    expect(await session.token()).toBe('token 2');
  });

  it('tries afresh after a sign-in that failed', async () => {
    const { session } = countedSession(900, 1);
    await expect(session.token()).rejects.toThrow('not now');
    expect(await session.token()).toBe('token 2');
  });
});
