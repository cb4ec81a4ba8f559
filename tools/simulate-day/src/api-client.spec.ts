/**
 * Goal: what an API asks to be sent again is sent again, unchanged and bounded, and an answer
 * against the contract does not pass for a good one.
 * Method: a real HTTP server on a free port that gives prepared answers and notes what it is sent.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { type AddressInfo } from 'node:net';
import { ApiClient, type ApiRequest, type RetryTally } from './api-client';

type Reply = (request: IncomingMessage, response: ServerResponse) => void;

const BOOK: ApiRequest = {
  method: 'POST',
  path: '/v1/bookings',
  body: { slotId: 's' },
  token: 'token-1',
  idempotencyKey: 'key-1',
};

const replies: Reply[] = [];
const seen: { atMs: number; key: string | undefined; token: string | undefined }[] = [];
let tally: RetryTally;
let client: ApiClient;

const server = createServer((request, response) => {
  const key = request.headers['idempotency-key'];
  seen.push({
    atMs: performance.now(),
    key: typeof key === 'string' ? key : undefined,
    token: request.headers.authorization,
  });
  request.resume().on('end', () => {
    const reply = replies.length > 1 ? replies.shift() : replies[0];
    reply?.(request, response);
  });
});

function answers(status: number, body: unknown, headers: Record<string, string> = {}): Reply {
  return (_, response) => void response.writeHead(status, headers).end(JSON.stringify(body));
}

function problem(status: number, code: string, headers: Record<string, string> = {}): Reply {
  return answers(status, { code, status, title: code, type: '/', requestId: 'r' }, headers);
}

function gap(index: number): number {
  return (seen[index]?.atMs ?? 0) - (seen[index - 1]?.atMs ?? 0);
}

beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});

afterAll(() => {
  server.closeAllConnections();
  server.close();
});

beforeEach(() => {
  const { port } = server.address() as AddressInfo;
  replies.length = 0;
  seen.length = 0;
  tally = { retriesByCode: new Map(), brokenAnswers: [] };
  client = new ApiClient('test-api', `http://127.0.0.1:${port}`, tally);
});

describe('a request', () => {
  it('carries its token and key, and gives status, body and time', async () => {
    replies.push(answers(201, { bookingId: 'b' }));
    const answer = await client.ask(BOOK);
    expect(answer).toMatchObject({ status: 201, body: { bookingId: 'b' }, tries: 1 });
    expect(answer.answerMs).toBeGreaterThan(0);
    expect(seen).toMatchObject([{ key: 'key-1', token: 'Bearer token-1' }]);
    expect(tally).toEqual({ retriesByCode: new Map(), brokenAnswers: [] });
  });

  it('takes a refusal as an answer', async () => {
    replies.push(problem(409, 'SLOT_FULL'));
    expect(await client.ask(BOOK)).toMatchObject({ status: 409, code: 'SLOT_FULL', tries: 1 });
    expect(tally.brokenAnswers).toEqual([]);
  });

  it('is sent again with the same key after the pause that was asked for', async () => {
    const pause = { 'retry-after': '1' };
    replies.push(problem(429, 'SLOT_BUSY', pause), problem(503, 'OUTCOME_UNKNOWN', pause));
    replies.push(answers(201, {}));
    expect(await client.ask(BOOK)).toMatchObject({ status: 201, tries: 3 });
    expect(seen.map(({ key }) => key)).toEqual(['key-1', 'key-1', 'key-1']);
    expect(Math.min(gap(1), gap(2))).toBeGreaterThan(950);
    expect(tally.retriesByCode).toEqual(
      new Map([
        ['SLOT_BUSY', 1],
        ['OUTCOME_UNKNOWN', 1],
      ]),
    );
  });

  it('is sent again when the connection breaks', async () => {
    replies.push((request) => void request.socket.destroy(), answers(201, {}));
    expect(await client.ask(BOOK)).toMatchObject({ status: 201, tries: 2 });
    expect(tally.retriesByCode).toEqual(new Map([['NO_ANSWER', 1]]));
  });

  it('is given up after its tries, with pauses that double, and the API counts as gone', async () => {
    replies.push((request) => void request.socket.destroy());
    const answer = await client.ask({ method: 'GET', path: '/', maxTries: 3 });
    expect(answer).toMatchObject({ status: undefined, code: 'NO_ANSWER', tries: 3 });
    expect(seen).toHaveLength(3);
    expect(gap(1)).toBeGreaterThan(480);
    expect(gap(2)).toBeGreaterThan(980);
    expect(client.isGone).toBe(true);
  });

  it('is given up without the API being gone while others are answered', async () => {
    replies.push((request, response) => {
      if (request.method === 'GET') request.socket.destroy();
      else response.writeHead(201).end('{}');
    });
    const lost = client.ask({ method: 'GET', path: '/', maxTries: 2 });
    expect(await client.ask(BOOK)).toMatchObject({ status: 201 });
    expect(await lost).toMatchObject({ status: undefined, tries: 2 });
    expect(client.isGone).toBe(false);
  });

  it('is not sent again when the pause would be too long', async () => {
    replies.push(problem(429, 'RATE_LIMITED', { 'retry-after': '3600' }));
    expect(await client.ask(BOOK)).toMatchObject({ status: 429, code: 'RATE_LIMITED', tries: 1 });
  });

  it('waits with all others of a person whose rate limit is used up, and nobody else does', async () => {
    replies.push(problem(429, 'RATE_LIMITED', { 'retry-after': '1' }), answers(201, {}));
    const first = client.ask(BOOK);
    await new Promise((resolve) => setTimeout(resolve, 200));
    const startedAtMs = performance.now();
    const waited = client.ask(BOOK).then(() => performance.now() - startedAtMs);
    const other = client
      .ask({ ...BOOK, token: 'token-2' })
      .then(() => performance.now() - startedAtMs);
    expect(await other).toBeLessThan(500);
    expect(await waited).toBeGreaterThan(600);
    expect(await first).toMatchObject({ status: 201, tries: 2 });
    expect(tally.retriesByCode).toEqual(new Map([['RATE_LIMITED', 1]]));
  });
});

describe('an answer against the contract', () => {
  it.each([
    ['a status with the code of another', 400, 'SLOT_FULL', /answered 400 SLOT_FULL, which/],
    ['an unknown code', 409, 'NO_LUCK', /answered 409 NO_LUCK, which/],
    ['a fault of the API', 500, 'INTERNAL', /answered 500 INTERNAL$/],
  ])('is noted: %s', async (_, status, code, sentence) => {
    replies.push(problem(status, code));
    await client.ask({ ...BOOK, path: '/v1/bookings/secret-id/cancel' });
    expect(tally.brokenAnswers).toEqual([expect.stringMatching(sentence)]);
    expect(tally.brokenAnswers[0]).not.toContain('secret-id');
  });

  it('is noted: a pause that is not told', async () => {
    replies.push(problem(429, 'SLOT_BUSY'), answers(201, {}));
    await client.ask(BOOK);
    expect(tally.brokenAnswers).toEqual([
      'test-api: POST /v1/bookings answered 429 without Retry-After',
    ]);
  });

  it('is noted: an error that is no problem document', async () => {
    replies.push((_, response) => void response.writeHead(404).end('<html>'));
    expect(await client.ask(BOOK)).toMatchObject({ status: 404, body: undefined });
    expect(tally.brokenAnswers).toHaveLength(1);
  });
});
