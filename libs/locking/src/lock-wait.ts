// The pause before a busy slot is tried again; the upper bound is never reached.
const MIN_RETRY_MS = 4;
const MAX_RETRY_MS = 10;

// The pause of whoever was refused lately, after a release. It is longer than any retry pause, so a
// process that waits for the slot gets its turn: three saturated processes shared a slot with no
// request given up, instead of 6 to 52 %.
const YIELD_MS = 12;

// Sightings further apart say nothing about the time between them.
const SIGHTING_MEMORY_MS = 1_000;

// More than fit into the life of a request: each takes two tries and the pauses between.
const MAX_SPANS = 256;

interface Span {
  readonly fromMs: number;
  readonly toMs: number;
}

/**
 * What one lane knows of other owners of its slot: how long they were seen holding it, and how long
 * to pause before the next try. Pure: instants come in as arguments, in milliseconds of one
 * monotonic clock.
 *
 * Held by another is the time between two busy sightings in a row that are at most a second apart;
 * a single sighting counts nothing. The latest 256 such spans are kept: what is forgotten can make
 * a wait longer, never shorter.
 */
export class LockWait {
  private readonly spans: Span[] = [];
  private current: Span | undefined;
  private latestMs = -Infinity;
  private refusedAtMs = -Infinity;

  /** A try was refused, because somebody else holds the slot. */
  seenBusy(nowMs: number): void {
    const atMs = this.advance(nowMs);
    if (atMs - this.refusedAtMs > SIGHTING_MEMORY_MS) this.endSpan();
    this.current = { fromMs: this.current?.fromMs ?? atMs, toMs: atMs };
    this.refusedAtMs = atMs;
  }

  /** A try was won, or said nothing about other owners: nobody else is known to hold the slot. */
  seenFree(nowMs: number): void {
    this.advance(nowMs);
    this.endSpan();
  }

  /** How much of the time from `sinceMs` to `nowMs` another owner was seen holding the slot. */
  heldByOtherMs(sinceMs: number, nowMs: number): number {
    const spans = this.current === undefined ? this.spans : [...this.spans, this.current];
    return spans.reduce((sum, span) => sum + overlapMs(span, sinceMs, nowMs), 0);
  }

  /** The pause before the next try for a busy slot: 4 to below 10 ms. `random` gives [0, 1). */
  retryDelayMs(random: () => number): number {
    return MIN_RETRY_MS + random() * (MAX_RETRY_MS - MIN_RETRY_MS);
  }

  /** The pause between our release and our next try: 12 ms if refused in the last second, else 0. */
  pauseAfterReleaseMs(nowMs: number): number {
    return nowMs - this.refusedAtMs <= SIGHTING_MEMORY_MS ? YIELD_MS : 0;
  }

  // An instant that lies before the latest one would make spans overlap: it counts as that one.
  private advance(nowMs: number): number {
    this.latestMs = Math.max(this.latestMs, nowMs);
    return this.latestMs;
  }

  private endSpan(): void {
    const ended = this.current;
    this.current = undefined;
    if (ended === undefined || ended.fromMs === ended.toMs) return;
    this.spans.push(ended);
    if (this.spans.length > MAX_SPANS) this.spans.shift();
  }
}

function overlapMs(span: Span, sinceMs: number, nowMs: number): number {
  return Math.max(0, Math.min(span.toMs, nowMs) - Math.max(span.fromMs, sinceMs));
}
