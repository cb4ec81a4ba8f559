/**
 * Goal: answers hold what was declared and nothing more; refusals and faults are problem+json of one
 * form, with a request id that the log knows and nothing from the inside.
 * Method: a real API with handlers that refuse, throw, hang and return too much.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { Controller, Get, Module } from '@nestjs/common';
import { call, seen, startTestApi, type TestApi } from '../testing';

describe('answers', () => {
  let api: TestApi;
  beforeAll(async () => {
    api = await startTestApi();
  });
  afterAll(() => api.close());

  it('sends what the route declared, and no field more', async () => {
    const reply = await call(api, 'POST /v1/greetings', { as: 'ADMIN', body: { text: 'hi' } });
    expect(reply.status).toBe(201);
    expect(reply.headers.get('content-type')).toBe('application/json; charset=utf-8');
    expect(reply.body).toEqual({
      text: 'a-admin: hi',
      at: '1970-01-01T00:00:00.000Z',
      counts: { A: 1, B: 2 },
    });
  });

  it('gives the handler the time of arrival', async () => {
    const before = performance.now();
    await call(api, 'POST /v1/greetings', { as: 'ADMIN', body: { text: 'hi' } });
    expect(seen.arrivedAtMs).toBeGreaterThanOrEqual(before);
    expect(seen.arrivedAtMs).toBeLessThanOrEqual(performance.now());
  });

  it('makes every answer personal: an id of our own, not stored by anybody, safe in a browser', async () => {
    const theirs = { 'x-request-id': 'asha-9876543210' };
    const replies = await Promise.all([
      call(api, 'GET /v1/open', { headers: theirs }),
      call(api, 'GET /v1/nowhere', { headers: theirs }),
      call(api, 'GET /v1/busy', { headers: theirs }),
      call(api, 'POST /v1/greetings', { headers: theirs }),
    ]);
    const ids = replies.map((reply) => reply.headers.get('x-request-id'));
    expect(new Set(ids).size).toBe(4);
    for (const [index, reply] of replies.entries()) {
      expect(ids[index]).toMatch(/^[\da-f-]{36}$/);
      expect(reply.headers.get('cache-control')).toBe('no-store');
      expect(reply.headers.get('x-content-type-options')).toBe('nosniff');
      expect(reply.headers.get('content-security-policy')).toContain("default-src 'none'");
      expect(reply.headers.get('x-powered-by')).toBeNull();
    }
  });

  it('sends a refusal as a problem; what it carries never replaces the standard members', async () => {
    const reply = await call(api, 'GET /v1/refusals/any');
    expect(reply.status).toBe(409);
    expect(reply.headers.get('content-type')).toBe('application/problem+json; charset=utf-8');
    expect(reply.body).toEqual({
      type: '/problems/slot-full',
      title: 'The slot is full for this booking type',
      status: 409,
      detail: 'The slot is full.',
      code: 'SLOT_FULL',
      requestId: reply.headers.get('x-request-id'),
      tier: 'STANDARD',
      limit: 10,
    });
    expect(reply.headers.get('retry-after')).toBeNull();
  });

  it('says in whole seconds when to come back', async () => {
    const busy = await call(api, 'GET /v1/busy');
    expect([busy.status, busy.headers.get('retry-after')]).toEqual([429, '2']);
    const away = await call(api, 'GET /v1/faults/store');
    expect([away.status, away.body.code]).toEqual([503, 'STORE_UNAVAILABLE']);
    expect(away.headers.get('retry-after')).toBe('1');
  });

  it.each(['bug', 'reply'])(
    'answers a fault of ours (%s) with its request id only',
    async (kind) => {
      const reply = await call(api, `GET /v1/faults/${kind}`);
      expect(reply.status).toBe(500);
      expect(reply.body).toEqual({
        type: '/problems/internal',
        title: 'Something went wrong on our side',
        status: 500,
        detail: 'Something went wrong on our side. Tell us the request id.',
        code: 'INTERNAL',
        requestId: reply.headers.get('x-request-id'),
      });
      const line = api.lines.find(
        (each) => each['msg'] === 'request failed' && each['requestId'] === reply.body.requestId,
      );
      expect(line).toMatchObject({ level: 50, err: { stack: expect.stringContaining('    at ') } });
    },
  );

  it('answers a handler that hangs within 3 s, and survives its late return', async () => {
    const startedAtMs = performance.now();
    const reply = await call(api, 'POST /v1/hanging');
    expect(performance.now() - startedAtMs).toBeLessThan(3_000);
    expect([reply.status, reply.body.code]).toEqual([503, 'OUTCOME_UNKNOWN']);
    await sleep(800);
    expect((await call(api, 'GET /v1/open')).status).toBe(200);
  });

  it('tells a handler that its client left, and only then', async () => {
    const goneBefore = seen.gone;
    await call(api, 'GET /v1/slow');
    expect(seen.gone).toBe(goneBefore);
    const leaving = new AbortController();
    const request = fetch(`${api.url}/v1/slow`, { signal: leaving.signal });
    setTimeout(() => leaving.abort(), 150);
    await expect(request).rejects.toThrow();
    await sleep(100);
    expect(seen.gone).toBe(goneBefore + 1);
  });
});

describe('a route that names no permission', () => {
  @Controller('v1')
  class ForgetfulController {
    @Get('forgotten')
    forgotten() {
      return { ok: true, value: {} };
    }
  }

  @Module({ controllers: [ForgetfulController] })
  class ForgetfulModule {}

  it('stops the boot', async () => {
    await expect(startTestApi({}, { module: ForgetfulModule })).rejects.toThrow(
      'GET /v1/forgotten names no permission',
    );
  });
});
