import { LANE_BOUNDS, Lanes, type LaneBounds } from './lanes';
import { runRound, type RoundParts } from './round';
import { SeatRequest, type Arrival, type SeatAnswer, type SeatWish } from './seat-request';

/**
 * The door to the seats: wishes go in, each gets one answer. Inside, a lane per slot and one round
 * after the other over whatever waits.
 */
export class SeatRounds {
  readonly #parts: RoundParts;
  readonly #bounds: LaneBounds;
  readonly #lanes: Lanes;
  #open = 0;
  #isRunning = false;
  #wake: () => void = () => undefined;

  constructor(parts: RoundParts, bounds: LaneBounds = LANE_BOUNDS) {
    this.#parts = parts;
    this.#bounds = bounds;
    this.#lanes = new Lanes(bounds);
  }

  /**
   * Asks for a seat. Always answers, at the deadline at the latest; never rejects. A full lane is
   * answered SLOT_BUSY at once.
   */
  async ask(wish: SeatWish, arrival: Arrival): Promise<SeatAnswer> {
    const request = new SeatRequest(wish, arrival);
    const hasRoom = this.#open < this.#bounds.requestsInAll && this.#lanes.enqueue(request);
    if (!hasRoom) return { outcome: 'REFUSED', refusal: { code: 'SLOT_BUSY' } };

    const { clock } = this.#parts;
    const leftMs = Math.max(0, request.deadlineMs - clock.monotonicMs());
    const cancelDeadline = clock.after(leftMs, () => request.expire());
    this.#open += 1;
    this.#wake();
    void this.#run();
    try {
      return await request.answered;
    } finally {
      this.#open -= 1;
      cancelDeadline();
    }
  }

  /** One round at a time, until nobody waits. */
  async #run(): Promise<void> {
    if (this.#isRunning) return;
    this.#isRunning = true;
    try {
      for (;;) {
        const batches = this.#lanes.takeRound(this.#parts.clock.monotonicMs());
        if (batches.length > 0) {
          await runRound(batches, this.#parts);
          continue;
        }
        const readyAtMs = this.#lanes.nextReadyAtMs();
        // Nothing may be awaited on the way out: who came in meanwhile would be left in his lane.
        if (readyAtMs === undefined) return;
        await this.#waitUntil(readyAtMs);
      }
    } finally {
      this.#isRunning = false;
    }
  }

  /** Waits until a lane is ready or a request comes in. */
  async #waitUntil(readyAtMs: number): Promise<void> {
    const { clock } = this.#parts;
    await new Promise<void>((resolve) => {
      const cancel = clock.after(Math.max(0, readyAtMs - clock.monotonicMs()), resolve);
      this.#wake = () => {
        cancel();
        resolve();
      };
    });
    this.#wake = () => undefined;
  }
}
