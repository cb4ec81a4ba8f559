/**
 * Goal: a token that this house did not issue, or that is not good any more, is nobody's.
 * Method: tokens are forged with the right key and one thing wrong each; the clock is turned.
 */
import { createHmac } from 'node:crypto';
import { ROLES } from '@opd/contracts';
import { decodeJwt, SignJWT, UnsecuredJWT } from 'jose';
import { deriveKey } from './keys';
import { SPEC_SIGNING_KEY, TurnedClock } from './testing';
import { AccessTokens, Authenticator, TOKEN_LIFETIME_SECONDS } from './tokens';

const KEY = deriveKey(SPEC_SIGNING_KEY, 'access-token');
const DESK = { userId: 'st_1', role: 'DESK' } as const;
const encode = (part: object) => Buffer.from(JSON.stringify(part)).toString('base64url');
const nowSeconds = () => Math.floor(Date.now() / 1_000);

/** A token as the house makes it, but for what is overridden; `undefined` leaves a claim out. */
function forge(overrides: Record<string, unknown> = {}, key: Uint8Array = KEY): Promise<string> {
  const claims = {
    sub: 'st_1',
    role: 'DESK',
    iss: 'elastic-opd',
    aud: 'elastic-opd',
    iat: nowSeconds(),
    exp: nowSeconds() + 600,
    ...overrides,
  };
  return new SignJWT(claims).setProtectedHeader({ alg: 'HS256' }).sign(key);
}

function openTokens() {
  const clock = new TurnedClock();
  return { clock, tokens: new AccessTokens(SPEC_SIGNING_KEY, clock.now) };
}

describe('issued tokens', () => {
  it.each(ROLES)('bring a %s back, for exactly the lifetime of the role', async (role) => {
    const { clock, tokens } = openTokens();
    const issued = await tokens.issue({ userId: 'someone', role });
    expect(issued.expiresInSeconds).toBe(TOKEN_LIFETIME_SECONDS[role]);
    clock.forwardSeconds(issued.expiresInSeconds - 2);
    expect(await tokens.verify(issued.accessToken)).toEqual({ userId: 'someone', role });
    clock.forwardSeconds(10);
    // Remembered from before, and expired all the same.
    expect(await tokens.verify(issued.accessToken)).toBeUndefined();
  });

  it('say nothing but who and until when', async () => {
    const { accessToken } = await openTokens().tokens.issue({
      ...DESK,
      // A member of the staff has a name; it must not travel.
      ...{ name: 'Asha' },
    });
    expect(Object.keys(decodeJwt(accessToken)).sort()).toEqual(
      ['aud', 'exp', 'iat', 'iss', 'role', 'sub'].sort(),
    );
  });

  it('are good in every process that has the same signing key, and in no other', async () => {
    const { accessToken } = await openTokens().tokens.issue(DESK);
    expect(await openTokens().tokens.verify(accessToken)).toEqual(DESK);
    const other = new AccessTokens(`${SPEC_SIGNING_KEY}.`);
    expect(await other.verify(accessToken)).toBeUndefined();
  });

  it('need a signing key that nobody guesses', () => {
    expect(() => new AccessTokens('short')).toThrow('TOKEN_SIGNING_KEY');
  });
});

describe('tokens from elsewhere', () => {
  it('are taken when everything is right: so each refusal below has one reason', async () => {
    expect(await openTokens().tokens.verify(await forge())).toEqual(DESK);
  });

  it.each([
    ['another audience', { aud: 'somebody-else' }],
    ['no audience', { aud: undefined }],
    ['another issuer', { iss: 'somebody-else' }],
    ['no issuer', { iss: undefined }],
    ['no expiry', { exp: undefined }],
    ['an expiry that is past', { exp: nowSeconds() - 60 }],
    ['no time of issue', { iat: undefined }],
    ['a start in the future', { nbf: nowSeconds() + 300 }],
    ['no subject', { sub: undefined }],
    ['an empty subject', { sub: '' }],
    ['no role', { role: undefined }],
    ['a role that does not exist', { role: 'ROOT' }],
    ['a list of roles', { role: ['DESK', 'ADMIN'] }],
    ['the role of an inherited property', { role: 'constructor' }],
  ])('are refused with %s', async (_, overrides) => {
    expect(await openTokens().tokens.verify(await forge(overrides))).toBeUndefined();
  });

  it.each([
    ['HS384', 'sha384'],
    ['HS512', 'sha512'],
  ])('are refused when signed with our key by %s', async (alg, hash) => {
    const signed = `${encode({ alg })}.${encode(decodeJwt(await forge()))}`;
    const signature = createHmac(hash, KEY).update(signed).digest('base64url');
    expect(await openTokens().tokens.verify(`${signed}.${signature}`)).toBeUndefined();
  });

  it('are refused when signed with the signing key itself or the key of another purpose', async () => {
    const keys = [Buffer.from(SPEC_SIGNING_KEY), deriveKey(SPEC_SIGNING_KEY, 'one-time-code')];
    for (const key of keys) {
      expect(await openTokens().tokens.verify(await forge({}, key))).toBeUndefined();
    }
  });

  it('are refused without a signature (alg none)', async () => {
    const token = new UnsecuredJWT({ ...decodeJwt(await forge()) }).encode();
    expect(await openTokens().tokens.verify(token)).toBeUndefined();
  });

  it('are refused when one claim was changed after signing', async () => {
    const [header, payload = '', signature] = (await forge()).split('.');
    const claims = JSON.parse(Buffer.from(payload, 'base64url').toString()) as object;
    const changed = encode({ ...claims, role: 'ADMIN' });
    const { tokens } = openTokens();
    expect(await tokens.verify(`${header}.${changed}.${signature}`)).toBeUndefined();
  });

  it('are refused when the header asks for an extension we do not know', async () => {
    const signed = `${encode({ alg: 'HS256', crit: ['x'], x: 1 })}.${encode(decodeJwt(await forge()))}`;
    const signature = createHmac('sha256', KEY).update(signed).digest('base64url');
    expect(await openTokens().tokens.verify(`${signed}.${signature}`)).toBeUndefined();
  });

  it.each(['', 'a', 'a.b', 'a.b.c', '..', 'null', 'x'.repeat(100_000)])(
    'are refused when they are no tokens at all (%#)',
    async (token) => {
      expect(await openTokens().tokens.verify(token)).toBeUndefined();
    },
  );
});

describe('remembered tokens', () => {
  it('never exceed their bound; the oldest is forgotten, and still good', async () => {
    const { tokens } = openTokens();
    const remembered = Reflect.get(tokens, 'remembered') as Map<string, unknown>;
    const first = (await tokens.issue(DESK)).accessToken;
    await tokens.verify(first);
    const kept = remembered.get(first);
    for (let n = remembered.size; n < 10_000; n += 1) remembered.set(`filler-${n}`, kept);
    const second = (await tokens.issue({ ...DESK, userId: 'st_2' })).accessToken;
    await tokens.verify(second);
    expect(remembered.size).toBe(10_000);
    expect(remembered.has(first)).toBe(false);
    expect(await tokens.verify(first)).toEqual(DESK);
  });

  it('are never the refused ones', async () => {
    const { tokens } = openTokens();
    await tokens.verify(await forge({ aud: 'somebody-else' }));
    expect((Reflect.get(tokens, 'remembered') as Map<string, unknown>).size).toBe(0);
  });
});

describe('Authenticator', () => {
  const tokens = new AccessTokens(SPEC_SIGNING_KEY);
  const authenticator = new Authenticator(tokens);

  it('reads the Bearer scheme, in any case', async () => {
    const { accessToken } = await tokens.issue(DESK);
    for (const scheme of ['Bearer', 'bearer', 'BEARER ']) {
      expect(await authenticator.authenticate(`${scheme} ${accessToken}`)).toEqual(DESK);
    }
  });

  it('knows nobody without a good Bearer token', async () => {
    const { accessToken } = await tokens.issue(DESK);
    const headers = [
      undefined,
      '',
      'Bearer',
      'Bearer ',
      accessToken,
      `Basic ${accessToken}`,
      `Bearer ${accessToken} ${accessToken}`,
      `Bearer ${accessToken}x`,
      ` Bearer ${accessToken}`,
    ];
    for (const header of headers) {
      expect(await authenticator.authenticate(header)).toBeUndefined();
    }
  });

  it('asks the table of permissions', () => {
    expect(authenticator.isAllowed(DESK, 'bookings:serve')).toBe(true);
    expect(authenticator.isAllowed(DESK, 'slots:manage')).toBe(false);
  });
});
