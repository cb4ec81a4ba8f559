/**
 * Goal: each mode of the proxy does to a connection what it says, and ends when it is taken back.
 * Method: an echo server behind a proxy, both real, and sockets through them.
 */
import { createServer, connect, type AddressInfo, type Server, type Socket } from 'node:net';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { TcpProxy } from './tcp-proxy';

let echo: Server;
let proxy: TcpProxy;
const open: Socket[] = [];

beforeEach(async () => {
  echo = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.pipe(socket);
  });
  echo.listen(0, '127.0.0.1');
  await once(echo, 'listening');
  proxy = await TcpProxy.start((echo.address() as AddressInfo).port, (bytes) =>
    bytes.includes('member') ? 'member' : 'api',
  );
});

afterEach(async () => {
  open.splice(0).forEach((socket) => socket.destroy());
  await proxy.close();
  echo.close();
});

async function speak(text: string, socket?: Socket): Promise<Socket> {
  const line = socket ?? connect(proxy.port, '127.0.0.1');
  if (!socket) {
    line.on('error', () => undefined);
    open.push(line);
    await once(line, 'connect');
  }
  line.write(text);
  return line;
}

/** Unlike `once` of node:events it takes a reset for an ordinary end. */
function closing(socket: Socket): Promise<void> {
  return new Promise((resolve) => socket.once('close', () => resolve()));
}

async function heard(socket: Socket, withinMs = 500): Promise<string | undefined> {
  const data = once(socket, 'data').then(([chunk]) => String(chunk));
  return Promise.race([data.catch(() => undefined), sleep(withinMs, undefined)]);
}

it('passes bytes on', async () => {
  expect(await heard(await speak('hello'))).toBe('hello');
});

it('resets open connections and new ones while it cuts', async () => {
  const line = await speak('hello');
  await heard(line);
  const closed = closing(line);
  proxy.setMode({ kind: 'cut' });
  await closed;
  const next = await speak('again');
  await closing(next);
  proxy.setMode({ kind: 'pass' });
  expect(await heard(await speak('back'))).toBe('back');
});

it('holds everything as a black hole, and delivers it late', async () => {
  const line = await speak('hello');
  await heard(line);
  proxy.setMode({ kind: 'blackHole' });
  await speak('held', line);
  expect(await heard(line, 100)).toBeUndefined();
  proxy.setMode({ kind: 'pass' });
  expect(await heard(line)).toBe('held');
});

it('delays both directions', async () => {
  proxy.setMode({ kind: 'latency', delayMs: 60 });
  const sentAtMs = performance.now();
  expect(await heard(await speak('slow'))).toBe('slow');
  expect(performance.now() - sentAtMs).toBeGreaterThanOrEqual(119);
});

it('spoils only the traffic that is named', async () => {
  proxy.setMode({ kind: 'blackHole' }, ['member']);
  expect(await heard(await speak('from a member'), 100)).toBeUndefined();
  expect(await heard(await speak('from an api'))).toBe('from an api');
});

it('tells the client of a closed connection only after the delay', async () => {
  const line = await speak('hello');
  await heard(line);
  const startedAtMs = performance.now();
  const closed = closing(line);
  proxy.setMode({ kind: 'slowClose', delayMs: 120 });
  await closed;
  expect(performance.now() - startedAtMs).toBeGreaterThanOrEqual(119);
});

it('closes although a client has never spoken', async () => {
  const silent = connect(proxy.port, '127.0.0.1');
  open.push(silent);
  const closed = closing(silent);
  await once(silent, 'connect');
  await proxy.close();
  await closed;
  proxy = await TcpProxy.start(0);
});
