/**
 * Goal: an API that stops finishes the requests in flight, takes no new connections, and is not held
 * up by connections on which nothing happens.
 * Method: a real API, closed while a slow request runs, while idle and silent connections are open,
 * and while a request hangs.
 */
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { call, seen, startTestApi } from './testing';

async function silentSocket(url: string): Promise<Socket> {
  const socket = connect(Number(new URL(url).port), '127.0.0.1');
  socket.on('error', () => undefined);
  await new Promise((resolve) => socket.once('connect', resolve));
  return socket;
}

async function msOf(work: Promise<unknown>): Promise<number> {
  const startedAtMs = performance.now();
  await work;
  return performance.now() - startedAtMs;
}

describe('a graceful stop', () => {
  it('answers the request in flight, then ends; in this order', async () => {
    const order: string[] = [];
    const lateBefore = seen.lateAnswers;
    // Seen from the server: which of the two a client hears first is up to the event loop.
    const onStopped = () => {
      if (seen.lateAnswers > lateBefore) order.push('answered');
      return Promise.resolve(order.push('stopped'));
    };
    const api = await startTestApi({}, { onStopped });
    const slow = call(api, 'GET /v1/slow');
    await sleep(150);
    const closing = api.close();
    await sleep(100);
    await expect(fetch(`${api.url}/v1/open`)).rejects.toThrow();
    const reply = await slow;
    await closing;
    expect([reply.status, reply.body]).toEqual([200, { done: true }]);
    expect(seen.lateAnswers).toBe(lateBefore + 1);
    expect(order).toEqual(['answered', 'stopped']);
  });

  it('does not wait for idle or silent connections', async () => {
    const api = await startTestApi();
    const sockets = await Promise.all([silentSocket(api.url), silentSocket(api.url)]);
    await Promise.all(Array.from({ length: 5 }, () => call(api, 'GET /v1/open')));
    expect(await msOf(api.close())).toBeLessThan(1_500);
    sockets.forEach((socket) => socket.destroy());
  });

  it('closes silent connections while a request is still in flight', async () => {
    const api = await startTestApi();
    const socket = await silentSocket(api.url);
    const closed = new Promise((resolve) => socket.once('close', resolve));
    const slow = call(api, 'GET /v1/slow');
    await sleep(150);
    const closing = api.close();
    await closed;
    expect((await slow).status).toBe(200);
    await closing;
  });

  it('ends within 5 s whatever hangs', async () => {
    const api = await startTestApi();
    const hanging = call(api, 'POST /v1/hanging').catch(() => undefined);
    await sleep(150);
    expect(await msOf(api.close())).toBeLessThan(5_000);
    await hanging;
    await sleep(800); // Until the handler has come back, too.
  });

  it('can be closed without ever having listened', async () => {
    const api = await startTestApi();
    await api.close();
    await api.app.close();
  });
});
