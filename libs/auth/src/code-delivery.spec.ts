/**
 * Goal: a code reaches the gateway signed and once, or the caller hears that it did not.
 * Method: a real HTTP server on this machine plays the gateway, good and bad.
 */
import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import {
  createServer,
  type IncomingHttpHeaders,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { WebhookDelivery } from './code-delivery';

const SECRET = 'the secret that gateway and house share';
const MESSAGE = { phone: '+919876543210', code: '012345', expiresInSeconds: 300 };

interface Received {
  method: string | undefined;
  url: string | undefined;
  headers: IncomingHttpHeaders;
  body: string;
}

let gateway: Server;
let url: string;
let received: Received[];
let answer: (response: ServerResponse) => void;

beforeEach(async () => {
  received = [];
  answer = (response) => response.writeHead(204).end();
  gateway = createServer((request, response) => {
    void text(request).then((body) => {
      const { method, url: path, headers } = request;
      received.push({ method, url: path, headers, body });
      answer(response);
    });
  });
  gateway.listen(0, '127.0.0.1');
  await once(gateway, 'listening');
  url = `http://127.0.0.1:${(gateway.address() as AddressInfo).port}/codes`;
});

afterEach(() => {
  gateway.closeAllConnections();
  gateway.close();
});

describe('WebhookDelivery', () => {
  it('posts the message as JSON, signed together with the time', async () => {
    const now = new Date('2026-11-24T09:00:00.700Z');
    expect(await new WebhookDelivery(url, SECRET, () => now).deliver(MESSAGE)).toBe(true);
    expect(received).toHaveLength(1);
    const [{ method, url: path, headers, body }] = received as [Received];
    expect([method, path, headers['content-type']]).toEqual(['POST', '/codes', 'application/json']);
    expect(JSON.parse(body)).toEqual(MESSAGE);
    expect(headers['opd-timestamp']).toBe('1795510800');
    const expected = createHmac('sha256', SECRET).update(`1795510800.${body}`).digest('hex');
    expect(headers['opd-signature']).toBe(`v1=${expected}`);
  });

  it.each([400, 401, 404, 429, 500, 503])('takes a %d for a failure', async (status) => {
    answer = (response) => response.writeHead(status).end('no');
    expect(await new WebhookDelivery(url, SECRET).deliver(MESSAGE)).toBe(false);
    expect(received).toHaveLength(1);
  });

  it.each([301, 302, 307, 308])('follows no redirect (%d)', async (status) => {
    answer = (response) => response.writeHead(status, { location: url }).end();
    expect(await new WebhookDelivery(url, SECRET).deliver(MESSAGE)).toBe(false);
    expect(received).toHaveLength(1);
  });

  it('gives up on a silent gateway after 2 s, before the request itself is given up', async () => {
    answer = () => undefined;
    const startedAt = performance.now();
    expect(await new WebhookDelivery(url, SECRET).deliver(MESSAGE)).toBe(false);
    const waitedMs = performance.now() - startedAt;
    expect(waitedMs).toBeGreaterThan(1_900);
    expect(waitedMs).toBeLessThan(6_000);
  });

  it('does not read an endless answer', async () => {
    answer = (response) => {
      response.writeHead(200);
      const pour = () => {
        while (!response.destroyed && response.write('x'.repeat(65_536)));
      };
      response.on('drain', pour);
      pour();
    };
    expect(await new WebhookDelivery(url, SECRET).deliver(MESSAGE)).toBe(true);
  });

  it('fails when nobody listens', async () => {
    gateway.close();
    await once(gateway, 'close');
    expect(await new WebhookDelivery(url, SECRET).deliver(MESSAGE)).toBe(false);
  });
});
