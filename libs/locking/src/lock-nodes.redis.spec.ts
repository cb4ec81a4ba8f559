/**
 * Goal: the clients of the lock nodes fail fast, come back by themselves and crash nobody; node
 * lists that could split a vote or count a node twice are refused without giving a password away.
 * Method: a redis-server of this file's own that goes and comes back, a port that nobody listens
 * on, and lists of addresses.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { spawnTestRedis } from '@opd/testing';
import { type Redis } from 'ioredis';
import { connectLockNodes, LOCK_NODE_COUNTS } from './lock-nodes';
import { RedlockSlotLocks } from './redlock-slot-locks';

function urls(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `redis://127.0.0.1:${index + 1}`);
}

async function statusBecomes(node: Redis, status: string): Promise<number> {
  const startedMs = performance.now();
  while (node.status !== status) {
    if (performance.now() - startedMs > 5_000) throw new Error(`still ${node.status}`);
    await sleep(5);
  }
  return performance.now() - startedMs;
}

// A listener that is frozen with a full queue of waiting connections: the next one hangs.
async function spawnSilentHost(): Promise<{ port: number; stop(): void }> {
  const listen =
    "require('net').createServer().listen({ port: 0, host: '127.0.0.1', backlog: 1 }," +
    ' function () { process.send(this.address().port); })';
  const child = spawn(process.execPath, ['-e', listen], {
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  });
  const [port] = (await once(child, 'message')) as [number];
  child.kill('SIGSTOP');
  const waiting = Array.from({ length: 4 }, () => connect(port, '127.0.0.1'));
  waiting.forEach((socket) => socket.on('error', () => undefined));
  await sleep(100);
  const stop = () => {
    waiting.forEach((socket) => socket.destroy());
    child.kill('SIGKILL');
  };
  return { port, stop };
}

describe('connectLockNodes', () => {
  let opened: Redis[] = [];

  function open(addresses: readonly string[]): Redis[] {
    opened = connectLockNodes(addresses);
    return opened;
  }

  afterEach(() => {
    opened.forEach((node) => node.disconnect());
    opened = [];
  });

  it.each([1, 3, 5])('connects to %i nodes', (count) => {
    expect(open(urls(count))).toHaveLength(count);
    expect(LOCK_NODE_COUNTS).toContain(count);
  });

  it.each([0, 2, 4, 6, 7])('refuses %i nodes and says what is allowed', (count) => {
    expect(() => open(urls(count))).toThrow(RangeError);
    expect(() => open(urls(count))).toThrow(`Got ${count} Redis nodes`);
    expect(() => open(urls(count))).toThrow('1, 3 or 5 are allowed');
  });

  it('refuses a node named twice, and does not repeat its password', () => {
    const twice = ['redis://127.0.0.1:1', 'redis://:s3cret@127.0.0.1:2', 'redis://127.0.0.1:2/0'];
    expect(() => open(twice)).toThrow(
      new RangeError('The lock node 127.0.0.1:2 is named twice: one node must not vote twice.'),
    );
    expect(() => open(['redis://a', 'redis://a:6379', 'redis://b'])).toThrow(
      'a:6379 is named twice',
    );
  });

  it.each(['', '127.0.0.1:6379', 'http://:s3cret@127.0.0.1', 's3cret'])(
    'refuses %j as an address, and does not repeat it',
    (url) => {
      expect(() => open([url])).toThrow(
        new RangeError('A lock node must be given as redis://host:port or rediss://host:port.'),
      );
    },
  );

  it('fails a command at once on a port that nobody listens on, and crashes nothing', async () => {
    const [node] = open(['redis://127.0.0.1:1']);
    await sleep(300);
    const startedMs = performance.now();
    await expect(node!.ping()).rejects.toThrow("Stream isn't writeable");
    expect(performance.now() - startedMs).toBeLessThan(50);
  });

  it('gives up a connection that a host neither accepts nor refuses after half a second', async () => {
    const silent = await spawnSilentHost();
    const [node] = open([`redis://127.0.0.1:${silent.port}`]);
    const startedMs = performance.now();
    const [error] = (await once(node!, 'error')) as [Error];
    expect(error.message).toBe('connect ETIMEDOUT');
    expect(performance.now() - startedMs).toBeGreaterThan(400);
    expect(performance.now() - startedMs).toBeLessThan(1_500);
    silent.stop();
  });

  it('closes within half a second also while the node is frozen', async () => {
    const redis = await spawnTestRedis();
    const [node] = open([redis.url]);
    await statusBecomes(node!, 'ready');
    redis.signal('SIGSTOP');
    node!.disconnect();
    expect(await statusBecomes(node!, 'end')).toBeLessThan(500);
    await redis.stop();
  });

  it('never pauses longer than 0.45 s between two tries to connect, and not in step', () => {
    const [node] = open(urls(1));
    const pausesMs = Array.from({ length: 200 }, (_, tries) =>
      node!.options.retryStrategy!(tries + 1),
    );
    for (const pauseMs of pausesMs) expect(pauseMs).toBeGreaterThanOrEqual(50);
    for (const pauseMs of pausesMs) expect(pauseMs).toBeLessThanOrEqual(450);
    expect(new Set(pausesMs).size).toBeGreaterThan(100);
  });

  it('finds a node again within about a second, however long it was away', async () => {
    let redis = await spawnTestRedis();
    const [node] = open([redis.url]);
    await statusBecomes(node!, 'ready');
    redis.signal('SIGKILL');
    await redis.ended;
    await sleep(3_000);
    redis = await spawnTestRedis({ port: redis.port });
    expect(await statusBecomes(node!, 'ready')).toBeLessThan(1_200);
    await expect(node!.ping()).resolves.toBe('PONG');
    await redis.stop();
  });

  it('drops a connection that went silent, and is back soon after it speaks again', async () => {
    const printed = jest.spyOn(console, 'error').mockImplementation();
    const redis = await spawnTestRedis();
    const [node] = open([redis.url]);
    await statusBecomes(node!, 'ready');
    redis.signal('SIGSTOP');
    await expect(node!.ping()).rejects.toThrow('Command timed out');
    expect(await statusBecomes(node!, 'reconnecting')).toBeLessThan(1_500);
    expect(printed).not.toHaveBeenCalled();
    printed.mockRestore();
    await sleep(1_000);
    redis.signal('SIGCONT');
    expect(await statusBecomes(node!, 'ready')).toBeLessThan(1_200);
    await redis.stop();
  });
});

describe('RedlockSlotLocks, its nodes', () => {
  it.each([0, 2, 4])('refuses %i clients, also when they are built elsewhere', (count) => {
    const nodes = connectLockNodes(urls(5));
    expect(() => new RedlockSlotLocks(nodes.slice(0, count), { ttlMs: 2_000 })).toThrow(RangeError);
    nodes.forEach((node) => node.disconnect());
  });

  it('refuses one client named twice: as a set they would be an even number', () => {
    const nodes = connectLockNodes(urls(3));
    const [a, b] = nodes;
    expect(() => new RedlockSlotLocks([a!, a!, b!], { ttlMs: 2_000 })).toThrow('named twice');
    nodes.forEach((node) => node.disconnect());
  });
});
