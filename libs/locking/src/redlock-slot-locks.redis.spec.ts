/**
 * Goal: on one Redis node a try always ends, in time, with the right one of three outcomes; a lock
 * ends with its owner or its TTL; and nobody releases what is not his.
 * Method: a redis-server of this file's own, frozen, killed, emptied and crowded; a second client
 * looks at the raw keys.
 */
import { once } from 'node:events';
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { spawnTestRedis } from '@opd/testing';
import { Redis } from 'ioredis';
import { connectLockNodes } from './lock-nodes';
import { RedlockSlotLocks, type SlotLockEvent, type SlotLocksOptions } from './redlock-slot-locks';
import { type LockAttempt, type SlotLock } from './slot-lock';

type TestRedis = Awaited<ReturnType<typeof spawnTestRedis>>;

const TTL_MS = 2_000;
// A crowded machine is slow without being frozen: only the tests of the time bounds are as strict
// as the real clients.
const PATIENT_COMMAND_MS = 5_000;
// How late a crowded machine may be with its timers.
const CROWDED_MS = 150;
const SLOT = 'dr-rao_2026-11-24_0900';
const KEY = `opd:lock:${SLOT}`;

let redis: TestRedis;
let strictCommandMs: number;
let nodes: Redis[];
let raw: Redis;
let events: SlotLockEvent[];

function giveCommandsMs(clients: readonly Redis[], timeoutMs: number): void {
  clients.forEach((client) => (client.options.commandTimeout = timeoutMs));
}

function slotLocks(options: Partial<SlotLocksOptions> = {}): RedlockSlotLocks {
  return new RedlockSlotLocks(nodes, {
    ttlMs: TTL_MS,
    onEvent: (event) => events.push(event),
    ...options,
  });
}

function held(attempt: LockAttempt): SlotLock {
  if (attempt.outcome !== 'HELD') throw new Error(`not held: ${JSON.stringify(attempt)}`);
  return attempt.lock;
}

async function kill(server: TestRedis): Promise<void> {
  server.signal('SIGKILL');
  await server.ended;
}

async function areReady(clients: readonly Redis[]): Promise<void> {
  for (const client of clients) if (client.status !== 'ready') await once(client, 'ready');
}

async function timed<T>(work: () => Promise<T>): Promise<{ value: T; tookMs: number }> {
  const startedMs = performance.now();
  const value = await work();
  return { value, tookMs: performance.now() - startedMs };
}

// Tries as a lane does, until the lock is had; says how long that took.
async function heldWithin(locks: RedlockSlotLocks, limitMs: number): Promise<number> {
  const startedMs = performance.now();
  for (;;) {
    const attempt = await locks.tryAcquire(SLOT);
    const tookMs = performance.now() - startedMs;
    if (attempt.outcome === 'HELD') {
      await attempt.lock.release();
      return tookMs;
    }
    if (tookMs > limitMs) throw new Error(`not held in ${limitMs} ms: ${JSON.stringify(attempt)}`);
    await sleep(10);
  }
}

async function keyIsGoneWithin(key: string, limitMs: number): Promise<boolean> {
  const untilMs = performance.now() + limitMs;
  while (performance.now() < untilMs) {
    if ((await raw.exists(key)) === 0) return true;
    await sleep(10);
  }
  return false;
}

beforeAll(async () => {
  redis = await spawnTestRedis();
});

afterAll(async () => {
  await redis.stop();
});

beforeEach(async () => {
  events = [];
  nodes = connectLockNodes([redis.url]);
  raw = new Redis(redis.url);
  raw.on('error', () => undefined);
  strictCommandMs = nodes[0]!.options.commandTimeout!;
  giveCommandsMs(nodes, PATIENT_COMMAND_MS);
  await areReady(nodes);
  await raw.flushall();
});

afterEach(() => {
  [...nodes, raw].forEach((client) => client.disconnect());
});

describe('an ordinary day', () => {
  it('stores a private value under the slot key, for the TTL', async () => {
    const locks = slotLocks();
    const first = held(await locks.tryAcquire(SLOT));
    const firstValue = await raw.get(KEY);
    expect(first.slotId).toBe(SLOT);
    expect(firstValue).toMatch(/^[0-9a-f]{32}$/);
    expect(await raw.keys('*')).toEqual([KEY]);
    expect(await raw.pttl(KEY)).toBeGreaterThan(TTL_MS - 500);
    expect(await raw.pttl(KEY)).toBeLessThanOrEqual(TTL_MS);
    await first.release();
    expect(await raw.exists(KEY)).toBe(0);
    await held(await locks.tryAcquire(SLOT)).release();
    expect(events).toEqual(['held', 'held']);
  });

  it('says BUSY at once, and leaves the lock alone, while another holds it', async () => {
    await raw.set(KEY, 'somebody-else', 'PX', TTL_MS);
    const { value, tookMs } = await timed(() => slotLocks().tryAcquire(SLOT));
    expect(value).toEqual({ outcome: 'BUSY' });
    expect(tookMs).toBeLessThan(1_000);
    expect(await raw.get(KEY)).toBe('somebody-else');
    expect(events).toEqual(['busy']);
  });

  it('gives different slots to different owners at once', async () => {
    const slots = Array.from({ length: 50 }, (_, index) => `slot-${index}`);
    const locks = slotLocks();
    const attempts = await Promise.all(slots.map((slot) => locks.tryAcquire(slot)));
    expect(attempts.map((attempt) => held(attempt).slotId)).toEqual(slots);
    expect(await raw.dbsize()).toBe(50);
  });

  it.each(['one process', 'four processes'])(
    'has one winner of 200 tries from %s',
    async (from) => {
      const connections =
        from === 'one process'
          ? [nodes]
          : Array.from({ length: 4 }, () => connectLockNodes([redis.url]));
      giveCommandsMs(connections.flat(), PATIENT_COMMAND_MS);
      await areReady(connections.flat());
      const parties = connections.map((own) => new RedlockSlotLocks(own, { ttlMs: TTL_MS }));
      const attempts = await Promise.all(
        Array.from({ length: 200 }, (_, index) =>
          parties[index % parties.length]!.tryAcquire(SLOT),
        ),
      );
      const outcomes = attempts.map(({ outcome }) => outcome);
      expect(outcomes.filter((outcome) => outcome === 'HELD')).toHaveLength(1);
      expect(outcomes.filter((outcome) => outcome === 'BUSY')).toHaveLength(199);
      expect(await raw.exists(KEY)).toBe(1);
      connections.flat().forEach((node) => node.disconnect());
    },
  );

  it('releases once, however often it is asked to', async () => {
    const lock = held(await slotLocks().tryAcquire(SLOT));
    await Promise.all([lock.release(), lock.release()]);
    await raw.set(KEY, 'the-next-owner');
    await lock.release();
    expect(lock.remainingMs()).toBe(0);
    expect(await raw.get(KEY)).toBe('the-next-owner');
    expect(events).toEqual(['held']);
  });

  it('keeps its lock when a metric throws', async () => {
    const locks = slotLocks({
      onEvent: () => {
        throw new Error('metrics are broken');
      },
    });
    const lock = held(await locks.tryAcquire(SLOT));
    await kill(redis);
    await expect(lock.release()).resolves.toBeUndefined();
    redis = await spawnTestRedis({ port: redis.port });
  });
});

describe('validity', () => {
  it('counts down on the monotonic clock, with the drift taken off, to below 0', async () => {
    let nowMs = 50_000;
    const lock = held(await slotLocks({ nowMs: () => nowMs }).tryAcquire(SLOT));
    // 1 % drift and 2 ms for the precision of the expiry.
    expect(lock.remainingMs()).toBe(TTL_MS - 20 - 2);
    nowMs += 1_978;
    expect(lock.remainingMs()).toBe(0);
    nowMs += 1;
    expect(lock.remainingMs()).toBe(-1);
  });

  it.each([-3_600_000, 3_600_000])(
    'is not moved by a wall clock that jumps by %i ms',
    async (jumpMs) => {
      const wallMs = Date.now();
      const wallClock = jest.spyOn(Date, 'now').mockReturnValue(wallMs);
      const locks = slotLocks();
      const acquiring = locks.tryAcquire(SLOT);
      wallClock.mockReturnValue(wallMs + jumpMs);
      const lock = held(await acquiring);
      expect(lock.remainingMs()).toBeLessThanOrEqual(1_978);
      expect(lock.remainingMs()).toBeGreaterThan(1_000);
      await lock.release();
      wallClock.mockRestore();
      expect(events).toEqual(['held']);
    },
  );

  it('lets the next owner in after the TTL, whose lock the late release spares', async () => {
    const locks = slotLocks({ ttlMs: 600, minValidityMs: 20 });
    const first = held(await locks.tryAcquire(SLOT));
    expect(await locks.tryAcquire(SLOT)).toEqual({ outcome: 'BUSY' });
    await sleep(620);
    expect(first.remainingMs()).toBeLessThan(0);
    held(await slotLocks().tryAcquire(SLOT));
    const secondValue = await raw.get(KEY);
    await first.release();
    expect(await raw.get(KEY)).toBe(secondValue);
    expect(secondValue).toMatch(/^[0-9a-f]{32}$/);
    expect(events).toEqual(['held', 'busy', 'held', 'release-failed']);
  });

  it('gives a lock back that was granted with too little validity left', async () => {
    const locks = slotLocks({ ttlMs: 400, minValidityMs: 300 });
    await held(await locks.tryAcquire('warm-up')).release();
    redis.signal('SIGSTOP');
    const acquiring = locks.tryAcquire(SLOT);
    await sleep(130);
    redis.signal('SIGCONT');
    expect(await acquiring).toEqual({
      outcome: 'UNAVAILABLE',
      reason: expect.stringMatching(/^granted with -?\d+ of the 300 ms needed left$/),
    });
    // Well before its TTL would end it.
    expect(await keyIsGoneWithin(KEY, 150)).toBe(true);
    expect(events).toEqual(['held', 'unavailable']);
  });
});

describe('a frozen Redis', () => {
  beforeEach(() => giveCommandsMs(nodes, strictCommandMs));
  afterEach(() => redis.signal('SIGCONT'));

  it('is UNAVAILABLE within 600 ms, and recovers by itself with no lock left over', async () => {
    const locks = slotLocks();
    await held(await locks.tryAcquire(SLOT)).release();
    redis.signal('SIGSTOP');
    const { value, tookMs } = await timed(() => locks.tryAcquire(SLOT));
    expect(value).toEqual({
      outcome: 'UNAVAILABLE',
      reason: '0 of 1 lock nodes answered, 1 are needed (Command timed out)',
    });
    expect(tookMs).toBeLessThan(600 + CROWDED_MS);
    redis.signal('SIGCONT');
    expect(await heldWithin(locks, 1_500)).toBeLessThan(1_500);
  });

  it('leaves no lock of a try given up, on a node that never ran a release', async () => {
    redis.signal('SIGCONT');
    await raw.script('FLUSH');
    nodes.forEach((node) => node.disconnect(true));
    await Promise.all(nodes.map((node) => once(node, 'ready')));
    const locks = slotLocks();
    held(await locks.tryAcquire('held-to-load-the-script'));
    redis.signal('SIGSTOP');
    expect((await locks.tryAcquire(SLOT)).outcome).toBe('UNAVAILABLE');
    redis.signal('SIGCONT');
    expect(await keyIsGoneWithin(KEY, 300)).toBe(true);
  });

  it('gives back what is granted after the try ran out of time', async () => {
    const locks = slotLocks({ attemptTimeoutMs: 60 });
    await held(await locks.tryAcquire('warm-up')).release();
    redis.signal('SIGSTOP');
    expect(await locks.tryAcquire(SLOT)).toEqual({
      outcome: 'UNAVAILABLE',
      reason: 'no answer within 60 ms',
    });
    redis.signal('SIGCONT');
    await sleep(20);
    expect(await keyIsGoneWithin(KEY, 300)).toBe(true);
    expect(events).toEqual(['held', 'unavailable']);
  });

  it('does not collect commands for as long as it is frozen', async () => {
    const locks = slotLocks();
    redis.signal('SIGSTOP');
    const untilMs = performance.now() + 2_500;
    let tries = 0;
    while (performance.now() < untilMs) {
      await Promise.all(Array.from({ length: 20 }, () => locks.tryAcquire(SLOT)));
      tries += 20;
      await sleep(5);
    }
    expect(tries).toBeGreaterThan(200);
    // What ioredis still waits for: the commands of one reconnect, not of all those tries.
    const { commandQueue } = nodes[0] as unknown as { commandQueue: { length: number } };
    expect(commandQueue.length).toBeLessThan(20);
    redis.signal('SIGCONT');
    expect(await heldWithin(locks, TTL_MS + 1_000)).toBeLessThan(TTL_MS + 1_000);
  });

  it('does not hold up a release beyond its bound, and counts the failure', async () => {
    const lock = held(await slotLocks().tryAcquire(SLOT));
    redis.signal('SIGSTOP');
    const { tookMs } = await timed(() => lock.release());
    expect(tookMs).toBeLessThan(800);
    expect(events).toEqual(['held', 'release-failed']);
    redis.signal('SIGCONT');
    // The release was on its way all the same.
    expect(await keyIsGoneWithin(KEY, 300)).toBe(true);
  });

  it('ends the wait for a release when told to, though the command has more time', async () => {
    giveCommandsMs(nodes, PATIENT_COMMAND_MS);
    const lock = held(await slotLocks({ releaseTimeoutMs: 40 }).tryAcquire(SLOT));
    redis.signal('SIGSTOP');
    const { tookMs } = await timed(() => lock.release());
    expect(tookMs).toBeLessThan(800);
    expect(events).toEqual(['held', 'release-failed']);
  });

  it('is UNAVAILABLE at once when it dies while it is asked', async () => {
    giveCommandsMs(nodes, PATIENT_COMMAND_MS);
    const locks = slotLocks();
    redis.signal('SIGSTOP');
    const asking = timed(() => locks.tryAcquire(SLOT));
    await sleep(30);
    await kill(redis);
    const { value, tookMs } = await asking;
    redis = await spawnTestRedis({ port: redis.port });
    expect(value.outcome).toBe('UNAVAILABLE');
    expect(tookMs).toBeLessThan(800);
    // Nothing is sent again to the server that came back.
    await areReady([...nodes, raw]);
    await sleep(50);
    expect(await raw.exists(KEY)).toBe(0);
  });
});

describe('a Redis that was killed, emptied or is full', () => {
  it('is UNAVAILABLE at once when killed, and found again within a second or so', async () => {
    const locks = slotLocks();
    const lost = held(await locks.tryAcquire(SLOT));
    await kill(redis);
    const { value, tookMs } = await timed(() => locks.tryAcquire(SLOT));
    expect(value.outcome).toBe('UNAVAILABLE');
    expect(tookMs).toBeLessThan(1_000);
    await expect(lost.release()).resolves.toBeUndefined();
    expect(events).toEqual(['held', 'unavailable', 'release-failed']);
    await sleep(1_500);
    redis = await spawnTestRedis({ port: redis.port });
    expect(await heldWithin(locks, 1_500)).toBeLessThan(1_500);
  });

  it('is UNAVAILABLE before it was ever there', async () => {
    const url = redis.url;
    await kill(redis);
    const lonely = connectLockNodes([url]);
    const locks = new RedlockSlotLocks(lonely, { ttlMs: TTL_MS });
    expect((await locks.tryAcquire(SLOT)).outcome).toBe('UNAVAILABLE');
    redis = await spawnTestRedis({ port: redis.port });
    expect(await heldWithin(locks, 1_500)).toBeLessThan(1_500);
    lonely.forEach((node) => node.disconnect());
  });

  it('lets a second owner in when emptied: the limit of every lock of this kind', async () => {
    const locks = slotLocks();
    const first = held(await locks.tryAcquire(SLOT));
    await raw.flushall();
    const second = held(await locks.tryAcquire(SLOT));
    const secondValue = await raw.get(KEY);
    // Both believe that they hold it. The guarded write is what keeps the promise.
    expect(Math.min(first.remainingMs(), second.remainingMs())).toBeGreaterThan(1_000);
    await first.release();
    expect(await raw.get(KEY)).toBe(secondValue);
    await second.release();
    expect(await raw.exists(KEY)).toBe(0);
    expect(events).toEqual(['held', 'held', 'release-failed']);
  });

  it('works on after its scripts were flushed', async () => {
    const locks = slotLocks();
    await held(await locks.tryAcquire(SLOT)).release();
    await raw.script('FLUSH');
    const lock = held(await locks.tryAcquire(SLOT));
    await raw.script('FLUSH');
    await lock.release();
    expect(await raw.exists(KEY)).toBe(0);
    expect(events).toEqual(['held', 'held']);
  });

  it('is UNAVAILABLE, not BUSY, when it has no memory left', async () => {
    await raw.config('SET', 'maxmemory', '1');
    const attempt = await slotLocks().tryAcquire(SLOT);
    await raw.config('SET', 'maxmemory', '0');
    expect(attempt).toEqual({ outcome: 'UNAVAILABLE', reason: expect.stringContaining('OOM') });
  });
});

describe('what is refused at once', () => {
  it.each([0, 99, -2_000, 1_000.5, Number.NaN, Infinity])('a ttlMs of %d', (ttlMs) => {
    expect(() => slotLocks({ ttlMs })).toThrow(RangeError);
    expect(() => slotLocks({ ttlMs })).toThrow('whole milliseconds from 100');
  });

  it.each([0, 1_978, 2_000, Number.NaN])(
    'a minValidityMs of %d with a TTL of 2 s',
    (minValidityMs) => {
      expect(() => slotLocks({ minValidityMs })).toThrow(RangeError);
      expect(() => slotLocks({ minValidityMs })).toThrow('above 0 and below 1978');
    },
  );

  it('a client on which an outage is a hang', () => {
    for (const options of [{ enableOfflineQueue: false }, { commandTimeout: 250 }]) {
      const node = new Redis(redis.url, { lazyConnect: true, ...options });
      expect(() => new RedlockSlotLocks([node], { ttlMs: TTL_MS })).toThrow(RangeError);
      node.disconnect();
    }
  });
});
