import type { Random } from './random';

/** Whose code an event runs: what is dead runs nothing any more, what is paused runs it later. */
export interface Actor {
  readonly isAlive: boolean;
  /** Virtual instant until which it is frozen. */
  readonly pausedUntilMs: number;
}

interface Event {
  atMs: number;
  order: number;
  readonly run: () => void;
  readonly actor: Actor | undefined;
  isCancelled: boolean;
}

/** More events than any history needs: beyond it something runs in circles. */
const MAX_EVENTS = 400_000;

/** Two replies so close to each other may come in one packet. */
const AT_ONCE_MS = 0.2;

/**
 * The one thread of a simulated world. Everything that takes time is an event here; between two
 * events all promises that can go on do so. Events of one instant run in an order that the seed
 * draws, and now and then two of them run before any promise goes on, as when two replies arrive
 * in one packet.
 */
export class Scheduler {
  readonly #random: Random;
  readonly #heap: Event[] = [];
  #nowMs = 0;
  #ran = 0;

  constructor(random: Random) {
    this.#random = random;
  }

  /** Virtual milliseconds since the world began. */
  get nowMs(): number {
    return this.#nowMs;
  }

  /** How many events ran so far. Also the order of things: it never stands still between two. */
  get ran(): number {
    return this.#ran;
  }

  /** Runs `run` once after `delayMs`, as code of `actor`; the function returned cancels it. */
  after(delayMs: number, run: () => void, actor?: Actor): () => void {
    const atMs = this.#nowMs + Math.max(0, delayMs);
    const event: Event = { atMs, order: this.#random.next(), run, actor, isCancelled: false };
    this.#push(event);
    return () => (event.isCancelled = true);
  }

  /** Runs all events, until there is none left. @throws what an event threw, or if it never ends. */
  runAll(): Promise<void> {
    return new Promise((resolve, reject) => {
      const step = () => {
        try {
          if (!this.#runNext()) return resolve();
          if (this.#isNextAtOnce() && this.#random.chance(0.1)) this.#runNext();
        } catch (error) {
          return reject(error instanceof Error ? error : new Error(String(error)));
        }
        // Promises go on when this callback has ended, all of them, before the next one runs.
        setImmediate(step);
      };
      setImmediate(step);
    });
  }

  #isNextAtOnce(): boolean {
    const next = this.#heap[0];
    return next !== undefined && next.atMs - this.#nowMs <= AT_ONCE_MS;
  }

  #runNext(): boolean {
    for (;;) {
      const event = this.#pop();
      if (!event) return false;
      if (event.isCancelled || event.actor?.isAlive === false) continue;
      const { actor } = event;
      if (actor && actor.pausedUntilMs > event.atMs) {
        event.atMs = actor.pausedUntilMs;
        this.#push(event);
        continue;
      }
      this.#nowMs = event.atMs;
      if (++this.#ran > MAX_EVENTS)
        throw new Error(`More than ${MAX_EVENTS} events: it never ends`);
      event.run();
      return true;
    }
  }

  #push(event: Event): void {
    const heap = this.#heap;
    let at = heap.length;
    while (at > 0) {
      const parentAt = (at - 1) >> 1;
      const parent = heap[parentAt] as Event;
      if (!isBefore(event, parent)) break;
      heap[at] = parent;
      at = parentAt;
    }
    heap[at] = event;
  }

  #pop(): Event | undefined {
    const heap = this.#heap;
    const first = heap[0];
    const last = heap.pop();
    if (!first || !last || first === last) return first;
    let at = 0;
    for (;;) {
      const child = this.#smallerChild(at);
      if (child === undefined || !isBefore(heap[child] as Event, last)) break;
      heap[at] = heap[child] as Event;
      at = child;
    }
    heap[at] = last;
    return first;
  }

  #smallerChild(at: number): number | undefined {
    const left = this.#heap[2 * at + 1];
    if (!left) return undefined;
    const right = this.#heap[2 * at + 2];
    return right && isBefore(right, left) ? 2 * at + 2 : 2 * at + 1;
  }
}

function isBefore(one: Event, other: Event): boolean {
  return one.atMs < other.atMs || (one.atMs === other.atMs && one.order < other.order);
}
