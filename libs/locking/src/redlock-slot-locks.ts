import { performance } from 'node:perf_hooks';
import { type Redis } from 'ioredis';
import Redlock, { ExecutionError, type Lock } from 'redlock';
import { checkLockNodeCount } from './lock-nodes';
import { type LockAttempt, type SlotLock, type SlotLocks } from './slot-lock';
import { type Verdict, verdictOf } from './verdict';
import { within } from './within';

/** What stands before the slot's id in its lock's key. Nothing but locks may use it. */
export const LOCK_KEY_PREFIX = 'opd:lock:';

/** What happened to a lock, for metrics. */
export type SlotLockEvent = 'held' | 'busy' | 'unavailable' | 'release-failed';

/** How long a lock lives and how long one try may take; what is left out follows from the TTL. */
export interface SlotLocksOptions {
  /** Life of a lock nobody gives back, in whole milliseconds, at least 100. */
  readonly ttlMs: number;
  /** A lock granted with less validity left is given back unused; half of `ttlMs` by default. */
  readonly minValidityMs?: number;
  /** Longest time for one try; by default two command time-outs and 50 ms. */
  readonly attemptTimeoutMs?: number;
  /** Longest time for one release; by default one command time-out and 50 ms. */
  readonly releaseTimeoutMs?: number;
  /** Told of every outcome; what it throws is dropped. */
  readonly onEvent?: (event: SlotLockEvent) => void;
  /** A monotonic clock in milliseconds. */
  readonly nowMs?: () => number;
}

const SMALL_CHANGE_MS = 50;
const MIN_TTL_MS = 100;
// How far the clocks of two machines may run apart while a lock lives.
const DRIFT_FACTOR = 0.01;
// Redis expires keys to the millisecond; ours adds one more.
const EXPIRY_PRECISION_MS = 2;

const EVENT_OF = { HELD: 'held', BUSY: 'busy', UNAVAILABLE: 'unavailable' } as const;

/**
 * Slot locks over Redlock on 1, 3 or 5 independent Redis nodes, as {@link connectLockNodes} opens
 * them. The README lists what is promised, and which defects of Redlock are fenced off how.
 *
 * @throws RangeError from the constructor for nodes or settings that would break the promise.
 */
export class RedlockSlotLocks implements SlotLocks {
  private readonly redlock: Redlock;
  private readonly settings: Settings;

  constructor(nodes: readonly Redis[], options: SlotLocksOptions) {
    this.settings = settingsOf(options, slowestCommandMs(nodes));
    this.redlock = new Redlock(nodes, { retryCount: 0 });
    nodes.forEach((node) => this.keepScriptsLoaded(node));
  }

  async tryAcquire(slotId: string): Promise<LockAttempt> {
    const attempt = await this.attempt(slotId);
    this.report(EVENT_OF[attempt.outcome]);
    return attempt;
  }

  private async attempt(slotId: string): Promise<LockAttempt> {
    const { ttlMs, attemptTimeoutMs, nowMs } = this.settings;
    const startedMs = nowMs();
    const acquiring = this.redlock.acquire([LOCK_KEY_PREFIX + slotId], ttlMs, { retryCount: 0 });
    const acquired = await within(acquiring, attemptTimeoutMs);
    switch (acquired.state) {
      case 'DONE':
        return this.accept(slotId, acquired.value, startedMs);
      case 'FAILED':
        return this.explain(acquired.error, startedMs);
      case 'LATE':
        // It may still be granted, to nobody: then it must not block the slot for its TTL.
        acquiring.then(
          (lock) => this.giveBack(lock),
          () => undefined,
        );
        return unavailable(`no answer within ${attemptTimeoutMs} ms`);
    }
  }

  private accept(slotId: string, granted: Lock, startedMs: number): LockAttempt {
    const { ttlMs, minValidityMs, nowMs } = this.settings;
    // Redlock's own expiration goes by the wall clock, which can jump.
    const lock = new HeldSlotLock(slotId, {
      untilMs: startedMs + ttlMs - driftMs(ttlMs),
      nowMs,
      giveBack: () => this.giveBack(granted),
    });
    const remainingMs = lock.remainingMs();
    if (remainingMs >= minValidityMs) return { outcome: 'HELD', lock };
    // Not awaited: the release is on its way, and this try has used up its time.
    void lock.release();
    return unavailable(
      `granted with ${Math.floor(remainingMs)} of the ${minValidityMs} ms needed left`,
    );
  }

  private async explain(error: unknown, startedMs: number): Promise<Verdict> {
    const votes = error instanceof ExecutionError ? error.attempts[0] : undefined;
    if (votes === undefined) return unavailable(String(error));
    const { attemptTimeoutMs, nowMs } = this.settings;
    // The votes are complete only when the slowest node has answered.
    const counted = await within(votes, Math.max(0, startedMs + attemptTimeoutMs - nowMs()));
    return counted.state === 'DONE'
      ? verdictOf(counted.value)
      : unavailable(`not all votes within ${attemptTimeoutMs} ms`);
  }

  private async giveBack(granted: Lock): Promise<void> {
    const releasing = this.redlock.release(granted, { retryCount: 0 });
    const released = await within(releasing, this.settings.releaseTimeoutMs);
    if (released.state !== 'DONE') this.report('release-failed');
  }

  // A node that lacks a script makes Redlock send it in a second trip. On a slow node that trip can
  // be overtaken by the release, and then locks the slot for nobody. Where loading fails, that
  // second trip is still there.
  private keepScriptsLoaded(node: Redis): void {
    const { acquireScript, releaseScript } = this.redlock.scripts;
    const load = () => {
      for (const { value } of [acquireScript, releaseScript]) {
        node.script('LOAD', value).catch(() => undefined);
      }
    };
    node.on('ready', load);
    if (node.status === 'ready') load();
  }

  private report(event: SlotLockEvent): void {
    try {
      this.settings.onEvent(event);
    } catch {
      // A metric that cannot be kept must not cost a lock.
    }
  }
}

interface Holding {
  readonly untilMs: number;
  readonly nowMs: () => number;
  readonly giveBack: () => Promise<void>;
}

class HeldSlotLock implements SlotLock {
  private released: Promise<void> | undefined;

  constructor(
    readonly slotId: string,
    private readonly holding: Holding,
  ) {}

  remainingMs(): number {
    return this.released === undefined ? this.holding.untilMs - this.holding.nowMs() : 0;
  }

  release(): Promise<void> {
    this.released ??= this.holding.giveBack();
    return this.released;
  }
}

type Settings = Required<SlotLocksOptions>;

function settingsOf(options: SlotLocksOptions, commandTimeoutMs: number): Settings {
  const { ttlMs } = options;
  if (!Number.isInteger(ttlMs) || ttlMs < MIN_TTL_MS) {
    throw new RangeError(
      `ttlMs is ${ttlMs}: allowed are whole milliseconds from ${MIN_TTL_MS} upwards.`,
    );
  }
  const settings = {
    minValidityMs: Math.floor(ttlMs / 2),
    attemptTimeoutMs: 2 * commandTimeoutMs + SMALL_CHANGE_MS,
    releaseTimeoutMs: commandTimeoutMs + SMALL_CHANGE_MS,
    onEvent: () => undefined,
    nowMs: () => performance.now(),
    ...options,
  };
  const mostValidityMs = ttlMs - driftMs(ttlMs);
  if (!(settings.minValidityMs > 0 && settings.minValidityMs < mostValidityMs)) {
    throw new RangeError(
      `minValidityMs is ${settings.minValidityMs}: with a ttlMs of ${ttlMs} it must be above 0 and below ${mostValidityMs}.`,
    );
  }
  return settings;
}

function slowestCommandMs(nodes: readonly Redis[]): number {
  checkLockNodeCount(nodes.length);
  if (new Set(nodes).size !== nodes.length) {
    throw new RangeError('One Redis client is named twice: one node must not vote twice.');
  }
  const timeoutsMs = nodes.map(({ options }) => options.commandTimeout ?? 0);
  if (timeoutsMs.includes(0) || nodes.some(({ options }) => options.enableOfflineQueue)) {
    throw new RangeError(
      'A lock node needs a commandTimeout and no offline queue, as connectLockNodes sets them: without, an outage is a hang.',
    );
  }
  return Math.max(...timeoutsMs);
}

function driftMs(ttlMs: number): number {
  return Math.round(ttlMs * DRIFT_FACTOR) + EXPIRY_PRECISION_MS;
}

function unavailable(reason: string): Verdict {
  return { outcome: 'UNAVAILABLE', reason };
}
