import type { LockAttempt, SlotLock, SlotLocks } from '@opd/locking';
import type { Random } from '../random';
import type { Actor, Scheduler } from '../scheduler';
import type { Weather } from './faults';

/** What the clinic's settings and Redlock make of a lock: its life, and what drift takes off. */
const TTL_MS = 2_000;
const DRIFT_MS = 22;
const MIN_VALIDITY_MS = 1_000;
const ATTEMPT_TIMEOUT_MS = 450;

interface Holder {
  readonly token: number;
  readonly untilMs: number;
}

/** The lock service as a whole: one holder a slot, until it gives the lock back or its time is up. */
export class LockService {
  readonly #holders = new Map<string, Holder>();
  #tokens = 0;
  awayUntilMs = 0;

  /** Forgets every lock, as a Redis does that comes back empty. */
  forgetAll(): void {
    this.#holders.clear();
  }

  /** The token of a lock that was granted; undefined if somebody else holds the slot. */
  grant(slotId: string, nowMs: number): number | undefined {
    const holder = this.#holders.get(slotId);
    if (holder && holder.untilMs > nowMs) return undefined;
    const token = ++this.#tokens;
    this.#holders.set(slotId, { token, untilMs: nowMs + TTL_MS });
    return token;
  }

  /** Ends a lock, and only the one that the token belongs to. */
  release(slotId: string, token: number): void {
    if (this.#holders.get(slotId)?.token === token) this.#holders.delete(slotId);
  }
}

/** What the locks of one process are made of. */
export interface LockParts {
  readonly service: LockService;
  readonly scheduler: Scheduler;
  readonly random: Random;
  readonly weather: Weather;
  readonly actor: Actor;
}

/** The slot locks as one process sees them. */
export class SimulatedLocks implements SlotLocks {
  readonly #parts: LockParts;
  readonly #held = new Map<string, SlotLock>();

  constructor(parts: LockParts) {
    this.#parts = parts;
  }

  /** What is left of the lock that this process was granted last, 0 without one. */
  remainingMs(slotId: string): number {
    return this.#held.get(slotId)?.remainingMs() ?? 0;
  }

  tryAcquire(slotId: string): Promise<LockAttempt> {
    const { scheduler, service, weather, random } = this.#parts;
    const startedMs = scheduler.nowMs;
    return new Promise((resolve) => {
      const answer = (attempt: () => LockAttempt, afterMs: number) =>
        scheduler.after(afterMs, () => resolve(attempt()), this.#parts.actor);
      scheduler.after(random.between(0.05, 0.8), () => {
        if (scheduler.nowMs < service.awayUntilMs)
          return answer(unavailable, random.between(0, ATTEMPT_TIMEOUT_MS));
        const token = service.grant(slotId, scheduler.nowMs);
        if (token !== undefined && weather.strikes('LOCK_REPLY_LOST'))
          return answer(unavailable, ATTEMPT_TIMEOUT_MS);
        const isHeldByTwo = token === undefined && weather.strikes('LOCK_HELD_BY_TWO');
        if (token === undefined && !isHeldByTwo)
          return answer(() => ({ outcome: 'BUSY' }), random.between(0.05, 0.8));
        answer(() => this.#accept(slotId, token, startedMs), random.between(0.05, 0.8));
      });
    });
  }

  #accept(slotId: string, token: number | undefined, startedMs: number): LockAttempt {
    const { scheduler } = this.#parts;
    const untilMs = startedMs + TTL_MS - DRIFT_MS;
    let isReleased = false;
    const lock: SlotLock = {
      slotId,
      remainingMs: () => (isReleased ? 0 : untilMs - scheduler.nowMs),
      release: () => {
        if (!isReleased) this.#giveBack(slotId, token);
        isReleased = true;
        return Promise.resolve();
      },
    };
    if (lock.remainingMs() < MIN_VALIDITY_MS) {
      void lock.release();
      return unavailable();
    }
    this.#held.set(slotId, lock);
    return { outcome: 'HELD', lock };
  }

  #giveBack(slotId: string, token: number | undefined): void {
    const { scheduler, random, service, weather } = this.#parts;
    if (token === undefined || weather.strikes('RELEASE_LOST')) return;
    scheduler.after(random.between(0.05, 0.8), () => {
      if (scheduler.nowMs >= service.awayUntilMs) service.release(slotId, token);
    });
  }
}

function unavailable(): LockAttempt {
  return { outcome: 'UNAVAILABLE', reason: 'simulated' };
}
