/**
 * Goal: health, metrics and logs say what an operator needs, and nothing about patients.
 * Method: a real API; checks that pass, fail, throw and hang; every captured log line is searched for
 * what was sent in paths, queries, headers and bodies.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import { Counter } from 'prom-client';
import { call, startTestApi, type TestApi } from '../testing';
import { createMetrics } from './metrics';

describe('health', () => {
  let api: TestApi;
  let isMongoUp = true;
  beforeAll(async () => {
    const mongodb = () => (isMongoUp ? Promise.resolve() : Promise.reject(new Error('gone')));
    api = await startTestApi({}, { checks: { mongodb, redis: () => Promise.resolve('PONG') } });
  });
  afterAll(() => api.close());

  it('is ready while every check passes', async () => {
    const reply = await call(api, 'GET /health/ready');
    expect([reply.status, reply.body]).toEqual([
      200,
      { status: 'ok', checks: { mongodb: 'ok', redis: 'ok' } },
    ]);
  });

  it('is not ready, but alive, while one fails; and ready again afterwards', async () => {
    isMongoUp = false;
    const reply = await call(api, 'GET /health/ready');
    expect([reply.status, reply.body]).toEqual([
      503,
      { status: 'failed', checks: { mongodb: 'failed', redis: 'ok' } },
    ]);
    expect((await call(api, 'GET /health/live')).body).toEqual({ status: 'ok' });
    isMongoUp = true;
    expect((await call(api, 'GET /health/ready')).status).toBe(200);
  });

  it('waits 300 ms for a check, and catches one that throws at once', async () => {
    const checks = {
      hangs: () => sleep(2_000),
      throws: () => {
        throw new Error('at once');
      },
    };
    const other = await startTestApi({}, { checks });
    const startedAtMs = performance.now();
    const reply = await call(other, 'GET /health/ready');
    const tookMs = performance.now() - startedAtMs;
    await other.close();
    expect(reply.body.checks).toEqual({ hangs: 'failed', throws: 'failed' });
    expect(tookMs).toBeGreaterThan(280);
    expect(tookMs).toBeLessThan(600);
  });
});

describe('metrics', () => {
  it('times requests by pattern, and holds the counters of others', async () => {
    const metrics = createMetrics('test-api');
    const rounds = new Counter({ name: 'opd_rounds_total', help: 'Rounds', registers: [metrics] });
    const api = await startTestApi({}, { metrics });
    rounds.inc(3);
    await call(api, 'GET /v1/refusals/asha-rao');
    await call(api, 'GET /v1/refusals/ravi-rao');
    await call(api, 'GET /v1/unknown/asha-rao');
    const { text, headers } = await call(api, 'GET /metrics');
    await api.close();
    expect(headers.get('content-type')).toContain('text/plain; version=0.0.4');
    const count = 'http_request_duration_seconds_count';
    expect(text).toContain(
      `${count}{api="test-api",method="GET",route="/v1/refusals/:code",status="409"} 2`,
    );
    expect(text).toContain(`${count}{api="test-api",method="GET",route="unknown",status="404"} 1`);
    expect(text).toContain('opd_rounds_total{api="test-api"} 3');
    expect(text).toContain('nodejs_eventloop_lag_seconds');
    expect(text).not.toContain('rao');
  });
});

describe('the log', () => {
  let api: TestApi;
  beforeAll(async () => {
    api = await startTestApi({ logLevel: 'trace' });
  });
  afterAll(() => api.close());

  const answered = () => api.lines.filter((line) => line['msg'] === 'answered');

  it('has one line for a request: who, what, how long, and how it ended', async () => {
    const before = answered().length;
    const reply = await call(api, 'POST /v1/steps/some-id/step', { as: 'DESK/u-7' });
    expect(answered().slice(before)).toEqual([
      {
        level: 30,
        time: expect.any(Number),
        api: 'test-api',
        pid: process.pid,
        requestId: reply.headers.get('x-request-id'),
        method: 'POST',
        route: '/v1/steps/:id/step',
        status: 200,
        ms: expect.any(Number),
        role: 'DESK',
        userId: 'u-7',
        msg: 'answered',
      },
    ]);
  });

  it('names the code of a refusal, and keeps probes to level debug', async () => {
    await call(api, 'GET /v1/refusals/x');
    expect(answered().at(-1)).toMatchObject({ level: 30, status: 409, code: 'SLOT_FULL' });
    await call(api, 'GET /health/live');
    expect(answered().at(-1)).toMatchObject({ level: 20, route: '/health/live' });
  });

  it('holds nothing personal, whatever a request carries and whatever goes wrong', async () => {
    const secrets = ['Asha', '9876543210', 'hunter2', 'eyJhbGciOi'];
    const headers = { 'idempotency-key': 'hunter2', 'x-request-id': 'Asha', cookie: 'hunter2' };
    await call(api, 'GET /v1/faults/bug?phone=%2B919876543210&name=Asha', { headers });
    await call(api, 'GET /v1/Asha/9876543210');
    await call(api, 'GET /v1/refusals/%zzAsha');
    await call(api, 'POST /v1/greetings', { as: 'eyJhbGciOi', body: { text: 'Asha' }, headers });
    await call(api, 'POST /v1/greetings', { as: 'ADMIN', body: { text: 'Asha' }, headers });
    await call(api, 'POST /v1/greetings', { as: 'ADMIN', text: '{"name":"Asha', headers });
    await call(api, 'POST /v1/greetings', {
      as: 'ADMIN',
      body: { Asha: '+919876543210' },
      headers,
    });
    await call(api, 'GET /v1/open?phone=9876543210');
    await call(api, 'POST /v1/hanging?name=Asha');
    await sleep(800); // The handler comes back after its answer, which Fastify reports with the URL.
    expect(JSON.stringify(api.lines)).toContain('/v1/hanging?...');
    expect(answered().length).toBeGreaterThan(7);
    const log = JSON.stringify(api.lines);
    // The fault's own message names her; what stores quote is taken out, prose cannot be.
    const found = secrets.filter((secret) => log.replaceAll('of Asha Rao', '').includes(secret));
    expect(found).toEqual([]);
  });

  it("takes in Nest's own lines, at level debug", () => {
    const nests = api.lines.filter((line) => line['context'] === 'RouterExplorer');
    expect(nests.length).toBeGreaterThan(3);
    expect(new Set(nests.map((line) => line['level']))).toEqual(new Set([20]));
  });

  it("takes in what our own parts say through Nest's Logger, with errors and stacks", () => {
    const logger = new Logger('Rounds');
    logger.error('Opening failed', new Error('of +919876543210'));
    logger.error('Slot broke', 'Error: x\n    at round');
    logger.warn(new Error('only an error'));
    const lines = api.lines.filter((line) => line['context'] === 'Rounds');
    expect(lines).toMatchObject([
      { level: 50, msg: 'Opening failed', err: { type: 'Error', message: 'of [digits]' } },
      { level: 50, msg: 'Slot broke', stack: 'Error: x\n    at round' },
      { level: 40, msg: 'only an error', err: { stack: expect.stringContaining('    at ') } },
    ]);
  });

  it('keeps to the level that is set', async () => {
    const quiet = await startTestApi({ logLevel: 'error' });
    await call(quiet, 'GET /v1/open');
    await call(quiet, 'GET /v1/faults/bug');
    await quiet.close();
    expect(quiet.lines.map((line) => line['msg'])).toEqual(['request failed']);
  });
});
