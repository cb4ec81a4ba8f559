/**
 * Goal: the checks of a request run in the promised order, and each answers with its own problem.
 * Method: a real API on a free port and real requests that are wrong in several ways at once; the
 * first check that applies must answer. A limit of 1 request a minute shows what was counted.
 */
import { connect } from 'node:net';
import { call, seen, startTestApi, type TestApi } from '../testing';

const HUGE_AND_BROKEN = `{"text":"${'x'.repeat(200_000)}`;
const GOOD = { text: 'hello' };

describe('the order of checks', () => {
  let api: TestApi;
  beforeAll(async () => {
    // There is no Redis: limits are counted in memory.
    api = await startTestApi({ staffLimitPerMinute: 1 });
  });
  afterAll(() => api.close());

  it('answers an unknown path before it looks at token or body', async () => {
    const reply = await call(api, 'POST /v1/nowhere', { text: HUGE_AND_BROKEN });
    expect([reply.status, reply.body.code]).toEqual([404, 'NOT_FOUND']);
  });

  it('answers another method before it looks at token or body', async () => {
    const reply = await call(api, 'PUT /v1/greetings', { text: HUGE_AND_BROKEN });
    expect([reply.status, reply.body.code]).toEqual([405, 'METHOD_NOT_ALLOWED']);
    expect(reply.headers.get('allow')).toBe('POST');
  });

  it('answers a missing token before it reads the body', async () => {
    const reply = await call(api, 'POST /v1/greetings', { text: HUGE_AND_BROKEN });
    expect([reply.status, reply.body.code]).toEqual([401, 'UNAUTHENTICATED']);
    expect(reply.headers.get('www-authenticate')).toBe('Bearer');
  });

  it('answers a token that is not good like a missing one', async () => {
    const reply = await call(api, 'POST /v1/greetings', { as: 'BOT', body: GOOD });
    expect([reply.status, reply.body.code]).toEqual([401, 'UNAUTHENTICATED']);
  });

  it('answers a wrong role before it reads the body', async () => {
    const reply = await call(api, 'POST /v1/greetings', { as: 'DESK', text: HUGE_AND_BROKEN });
    expect([reply.status, reply.body.code]).toEqual([403, 'FORBIDDEN']);
  });

  it('answers a body that is too large before its media type or its form', async () => {
    const reply = await call(api, 'POST /v1/greetings', { as: 'ADMIN', text: HUGE_AND_BROKEN });
    expect([reply.status, reply.body.code]).toEqual([413, 'BODY_TOO_LARGE']);
  });

  it('answers a bad body before it counts, so that it costs nothing of the limit', async () => {
    const before = seen.greetings;
    const send = (body: unknown) => call(api, 'POST /v1/greetings', { as: 'ADMIN/order', body });
    expect((await send({ text: 1 })).status).toBe(400);
    expect((await send({ text: 2 })).status).toBe(400);
    expect((await send(GOOD)).status).toBe(201);
    expect((await send(GOOD)).body.code).toBe('RATE_LIMITED');
    // Over the limit a bad body is still a bad body.
    expect((await send({ text: 3 })).body.code).toBe('VALIDATION_FAILED');
    expect(seen.greetings - before).toBe(1);
  });
});

describe('strictness', () => {
  let api: TestApi;
  beforeAll(async () => {
    api = await startTestApi();
  });
  afterAll(() => api.close());

  const greet = (request: { body?: unknown; text?: string; headers?: Record<string, string> }) =>
    call(api, 'POST /v1/greetings', { as: 'ADMIN', ...request });

  it.each([
    ['a wrong type', { text: 1 }, [{ path: 'text', message: expect.stringContaining('string') }]],
    ['an operator', { text: { $ne: null } }, [{ path: 'text', message: expect.anything() }]],
    ['a missing field', {}, [{ path: 'text', message: 'is required' }]],
    [
      'an unknown field',
      { ...GOOD, tier: 'X' },
      [{ path: 'tier', message: 'is not a known field' }],
    ],
    [
      'an unknown field inside',
      { ...GOOD, nested: { at: 1, on: 2 } },
      [{ path: 'nested.on', message: 'is not a known field' }],
    ],
    ['null', null, [{ path: '', message: expect.stringContaining('object') }]],
    ['a list', [], [{ path: '', message: expect.stringContaining('object') }]],
    ['a string', 'text', [{ path: '', message: expect.stringContaining('object') }]],
  ])('refuses a body with %s', async (_what, body, errors) => {
    const before = seen.greetings;
    const reply = await greet({ body });
    expect(reply.status).toBe(400);
    expect(reply.body).toMatchObject({ code: 'VALIDATION_FAILED', errors });
    expect(seen.greetings).toBe(before);
  });

  it.each([
    ['JSON that breaks off', '{"text":"x'],
    ['no JSON', 'text=x'],
    ['a prototype', '{"text":"x","__proto__":{"isAdmin":true}}'],
    ['a constructor', '{"text":"x","constructor":{"prototype":{"isAdmin":true}}}'],
  ])('refuses a body that is %s', async (_what, text) => {
    const reply = await greet({ text });
    expect(reply.status).toBe(400);
    expect(reply.body.code).toBe('VALIDATION_FAILED');
    expect(reply.body.errors).toEqual([{ path: '', message: 'must be well-formed JSON' }]);
  });

  it.each(['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data', 'nonsense'])(
    'refuses a body of type %s',
    async (type) => {
      const reply = await greet({ text: '{"text":"x"}', headers: { 'content-type': type } });
      expect([reply.status, reply.body.code]).toEqual([415, 'UNSUPPORTED_MEDIA_TYPE']);
    },
  );

  it('takes a body of just under 16 kB and refuses one just over, with and without its length', async () => {
    const sized = (bytes: number) => JSON.stringify({ text: 'x'.repeat(bytes - 11) });
    expect((await greet({ text: sized(16 * 1_024) })).body.errors[0]?.path).toBe('text');
    expect((await greet({ text: sized(16 * 1_024 + 1) })).status).toBe(413);
    const chunked = await fetch(`${api.url}/v1/greetings`, {
      method: 'POST',
      headers: { authorization: 'Bearer ADMIN', 'content-type': 'application/json' },
      body: new Blob([sized(60_000)]).stream(),
      duplex: 'half',
    });
    expect(chunked.status).toBe(413);
  });

  it('reports at most 20 faults, with paths that are cut', async () => {
    const fields = Array.from({ length: 100 }, (_, index) => [`${'k'.repeat(120)}${index}`, 1]);
    const reply = await greet({ body: { ...GOOD, ...Object.fromEntries(fields) } });
    expect(reply.body.errors).toHaveLength(20);
    expect(reply.body.errors[0]?.path).toHaveLength(100);
  });

  it.each([
    ['no body and no type', {}],
    ['{}', { body: {} }],
    ['an empty body with a type', { text: '' }],
  ])('takes %s where nothing is needed', async (_what, request) => {
    const reply = await call(api, 'POST /v1/steps/7/step', { as: 'DESK', ...request });
    expect([reply.status, reply.body]).toEqual([200, { done: true }]);
  });

  it('still refuses what a step does not know', async () => {
    const reply = await call(api, 'POST /v1/steps/7/step', { as: 'DESK', body: { force: true } });
    expect(reply.body.errors).toEqual([{ path: 'force', message: 'is not a known field' }]);
  });

  it('checks declared headers and leaves the others alone', async () => {
    const withKey = (key: string) => greet({ body: GOOD, headers: { 'idempotency-key': key } });
    const good = await withKey('a-key');
    expect([good.status, good.headers.get('idempotency-replayed')]).toEqual([201, 'true']);
    const bad = await withKey('a key');
    expect(bad.body.errors).toEqual([
      { path: 'idempotency-key', message: 'must be visible ASCII' },
    ]);
  });

  it('converts a query and fills in what is absent', async () => {
    expect((await call(api, 'GET /v1/open')).body).toEqual({ limit: 50 });
    expect((await call(api, 'GET /v1/open?limit=7')).body).toEqual({ limit: 7 });
  });

  it.each(['limit=0', 'limit=201', 'limit=x', 'limit=1&limit=2', 'limit[$gt]=1', 'other=1'])(
    'refuses the query %s',
    async (query) => {
      const reply = await call(api, `GET /v1/open?${query}`);
      expect([reply.status, reply.body.code]).toEqual([400, 'VALIDATION_FAILED']);
      expect(reply.body.errors.length).toBeGreaterThan(0);
    },
  );

  it.each(['/v1/refusals/%', '/v1/refusals/%zz'])('refuses the path %s', async (path) => {
    const reply = await call(api, `GET ${path}`);
    expect([reply.status, reply.body.code]).toEqual([400, 'VALIDATION_FAILED']);
    expect(reply.headers.get('x-request-id')).toBe(reply.body.requestId);
  });

  it('answers an overlong or empty id as something that is not there', async () => {
    expect((await call(api, `GET /v1/refusals/${'x'.repeat(101)}`)).status).toBe(404);
    expect((await call(api, 'GET /v1/refusals/')).status).toBe(404);
  });

  it.each([
    ['no HTTP at all', 'HELLO\r\n\r\n'],
    ['too many headers', `GET / HTTP/1.1\r\nHost: x\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`],
  ])('answers %s with a problem, too', async (_what, bytes) => {
    const answer = await speak(api, bytes);
    expect(answer).toMatch(
      /^HTTP\/1.1 400 Bad Request\r\nContent-Type: application\/problem\+json/,
    );
    expect(JSON.parse(answer.split('\r\n\r\n')[1] ?? '')).toMatchObject({
      code: 'VALIDATION_FAILED',
    });
  });
});

/** Sends bytes over a bare connection and returns all that comes back. */
function speak(api: TestApi, bytes: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let answer = '';
    const socket = connect(Number(new URL(api.url).port), '127.0.0.1', () => socket.write(bytes));
    socket.on('data', (chunk) => (answer += chunk.toString()));
    socket.on('close', () => resolve(answer));
    socket.on('error', reject);
  });
}
