import type { Clock } from '../clock';
import { MORNING_MS } from './records';

interface Timer {
  readonly atMs: number;
  readonly callback: () => void;
}

/** A clock that stands still until it is turned by hand. Its two faces show the same time of day. */
export class HandClock implements Clock {
  #atMs = 0;
  #timers = new Set<Timer>();

  nowMs(): number {
    return MORNING_MS + this.#atMs;
  }

  monotonicMs(): number {
    return this.#atMs;
  }

  after(delayMs: number, callback: () => void): () => void {
    const timer = { atMs: this.#atMs + delayMs, callback };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  /** How many timers have not fired and were not cancelled. */
  get timers(): number {
    return this.#timers.size;
  }

  /** Jumps without any timer firing: a process that was paused. */
  jump(byMs: number): void {
    this.#atMs += byMs;
  }

  /** Goes on by `byMs`, firing every timer at its time and letting all that follows from it happen. */
  async pass(byMs: number): Promise<void> {
    const untilMs = this.#atMs + byMs;
    await settled();
    for (let next = this.#next(untilMs); next; next = this.#next(untilMs)) {
      this.#timers.delete(next);
      this.#atMs = Math.max(this.#atMs, next.atMs);
      next.callback();
      await settled();
    }
    this.#atMs = Math.max(this.#atMs, untilMs);
  }

  #next(untilMs: number): Timer | undefined {
    return [...this.#timers]
      .filter(({ atMs }) => atMs <= untilMs)
      .sort((one, other) => one.atMs - other.atMs)[0];
  }
}

/** Resolves when every promise that can settle without a timer or a server has done so. */
export function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** The machine's clock with a time of day that a spec sets, so that slots start and end at will. */
export class TurnedClock implements Clock {
  #startedAtMs = performance.now();
  #wallMs: number;

  constructor(wallMs = MORNING_MS) {
    this.#wallMs = wallMs;
  }

  nowMs(): number {
    return Math.floor(this.#wallMs + (performance.now() - this.#startedAtMs));
  }

  /** Sets the time of day; the monotonic clock runs on. */
  turnTo(wall: string): void {
    this.#wallMs = Date.parse(wall);
    this.#startedAtMs = performance.now();
  }

  monotonicMs(): number {
    return performance.now();
  }

  after(delayMs: number, callback: () => void): () => void {
    const timer = setTimeout(callback, delayMs);
    return () => clearTimeout(timer);
  }
}
