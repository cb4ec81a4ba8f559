/**
 * Goal: only time in which another owner was seen counts as waiting for it, and pauses keep the
 * bounds that let several processes share a slot.
 * Method: the rule's cases by hand, then random histories against a model that looks at every
 * single millisecond instead of at spans.
 */
import fc from 'fast-check';
import { LockWait } from './lock-wait';

interface Sighting {
  readonly kind: 'busy' | 'free';
  readonly atMs: number;
}

function waitThatSaw(history: readonly Sighting[]): LockWait {
  const wait = new LockWait();
  for (const { kind, atMs } of history) {
    if (kind === 'busy') wait.seenBusy(atMs);
    else wait.seenFree(atMs);
  }
  return wait;
}

const busy = (atMs: number): Sighting => ({ kind: 'busy', atMs });
const free = (atMs: number): Sighting => ({ kind: 'free', atMs });

describe('LockWait.heldByOtherMs', () => {
  it('is 0 while nobody else was seen', () => {
    expect(waitThatSaw([]).heldByOtherMs(0, 5_000)).toBe(0);
    expect(waitThatSaw([free(10), free(900)]).heldByOtherMs(0, 5_000)).toBe(0);
  });

  it('counts nothing for the first sighting alone, however long ago it was', () => {
    expect(waitThatSaw([busy(100)]).heldByOtherMs(0, 5_000)).toBe(0);
  });

  it('counts the time between sightings in a row', () => {
    expect(waitThatSaw([busy(100), busy(107), busy(115)]).heldByOtherMs(0, 200)).toBe(15);
  });

  it('counts nothing between a sighting and the free one after it', () => {
    expect(waitThatSaw([busy(100), free(150), busy(200)]).heldByOtherMs(0, 300)).toBe(0);
  });

  it('adds up what lies before and after a free sighting', () => {
    const wait = waitThatSaw([busy(100), busy(110), free(120), busy(130), busy(150), free(160)]);
    expect(wait.heldByOtherMs(0, 200)).toBe(30);
  });

  it('counts for a request only what was seen since it came', () => {
    const wait = waitThatSaw([busy(100), busy(110), busy(120)]);
    expect(wait.heldByOtherMs(105, 120)).toBe(15);
    expect(wait.heldByOtherMs(120, 130)).toBe(0);
    expect(wait.heldByOtherMs(500, 600)).toBe(0);
  });

  it('counts nothing that lies after the instant asked for', () => {
    expect(waitThatSaw([busy(100), busy(200)]).heldByOtherMs(0, 130)).toBe(30);
  });

  it('knows nothing about a gap of more than a second between two sightings', () => {
    expect(waitThatSaw([busy(0), busy(1_000)]).heldByOtherMs(0, 1_000)).toBe(1_000);
    expect(waitThatSaw([busy(0), busy(1_001)]).heldByOtherMs(0, 1_001)).toBe(0);
    expect(waitThatSaw([busy(0), busy(1_001), busy(1_011)]).heldByOtherMs(0, 2_000)).toBe(10);
  });

  it('does not count twice when an instant lies before the latest one', () => {
    const wait = waitThatSaw([busy(100), busy(110), free(115), busy(90), busy(120), busy(50)]);
    expect(wait.heldByOtherMs(0, 200)).toBe(10 + 5);
  });

  it('forgets the oldest of many spans and keeps the latest 256', () => {
    const wait = new LockWait();
    for (let atMs = 0; atMs < 1_000 * 20; atMs += 20) {
      wait.seenBusy(atMs);
      wait.seenBusy(atMs + 5);
      wait.seenFree(atMs + 10);
    }
    expect(wait.heldByOtherMs(0, 20_000)).toBe(256 * 5);
    expect(wait.heldByOtherMs(20_000 - 100 * 20, 20_000)).toBe(100 * 5);
  });

  it('equals, for every history, the count of the single milliseconds held by another', () => {
    const pauses = fc.oneof(
      { weight: 8, arbitrary: fc.nat(30) },
      { weight: 1, arbitrary: fc.integer({ min: 990, max: 1_010 }) },
    );
    const histories = fc.array(fc.record({ isBusy: fc.boolean(), pauseMs: pauses }), {
      maxLength: 60,
    });
    fc.assert(
      fc.property(histories, fc.nat(3_000), fc.nat(3_000), (steps, sinceMs, lengthMs) => {
        let atMs = 0;
        const history = steps.map(({ isBusy, pauseMs }) => {
          atMs += pauseMs;
          return isBusy ? busy(atMs) : free(atMs);
        });
        const nowMs = sinceMs + lengthMs;
        const counted = waitThatSaw(history).heldByOtherMs(sinceMs, nowMs);
        expect(counted).toBe(millisecondsHeld(history, sinceMs, nowMs));
      }),
      { numRuns: 1_000 },
    );
  });

  it('never exceeds the time waited, and never shrinks while the request waits', () => {
    // Steps back in time are part of it: the lane may ask with an instant taken a little earlier.
    const steps = fc.array(fc.tuple(fc.boolean(), fc.integer({ min: -5, max: 40 })));
    fc.assert(
      fc.property(steps, fc.nat(200), (history, sinceMs) => {
        const wait = new LockWait();
        let atMs = 0;
        let latestMs = 0;
        let before = 0;
        for (const [isBusy, pauseMs] of history) {
          atMs += pauseMs;
          latestMs = Math.max(latestMs, atMs);
          if (isBusy) wait.seenBusy(atMs);
          else wait.seenFree(atMs);
          const held = wait.heldByOtherMs(sinceMs, latestMs);
          expect(held).toBeGreaterThanOrEqual(before);
          expect(held).toBeLessThanOrEqual(Math.max(0, latestMs - sinceMs));
          before = held;
        }
      }),
    );
  });
});

describe('LockWait, the pauses', () => {
  it('spreads a retry over 4 to below 10 ms', () => {
    const wait = new LockWait();
    expect(wait.retryDelayMs(() => 0)).toBe(4);
    expect(wait.retryDelayMs(() => 0.5)).toBe(7);
    expect(wait.retryDelayMs(() => 1 - Number.EPSILON)).toBeLessThan(10);
  });

  it('pauses nobody who was not refused', () => {
    expect(waitThatSaw([]).pauseAfterReleaseMs(0)).toBe(0);
    expect(waitThatSaw([free(5)]).pauseAfterReleaseMs(5)).toBe(0);
  });

  it('yields 12 ms after a release for a second after a refusal, a win in between or not', () => {
    for (const wait of [waitThatSaw([busy(100)]), waitThatSaw([busy(100), free(104)])]) {
      expect(wait.pauseAfterReleaseMs(105)).toBe(12);
      expect(wait.pauseAfterReleaseMs(1_100)).toBe(12);
      expect(wait.pauseAfterReleaseMs(1_101)).toBe(0);
    }
  });

  it('gives every waiting process a try before the one that released asks again', () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), (random) => {
        const wait = waitThatSaw([busy(0)]);
        expect(wait.retryDelayMs(() => random)).toBeLessThan(wait.pauseAfterReleaseMs(1));
      }),
    );
  });
});

// The rule, said once more without spans: a millisecond counts when the sightings around it are
// both busy and at most a second apart.
function millisecondsHeld(history: readonly Sighting[], sinceMs: number, nowMs: number): number {
  let held = 0;
  for (let ms = sinceMs; ms < nowMs; ms += 1) {
    const before = history.findLast(({ atMs }) => atMs <= ms);
    const after = history.find(({ atMs }) => atMs > ms);
    const areBusy = before?.kind === 'busy' && after?.kind === 'busy';
    if (areBusy && after.atMs - before.atMs <= 1_000) held += 1;
  }
  return held;
}
