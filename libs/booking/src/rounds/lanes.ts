import { LockWait } from '@opd/locking';
import type { SeatRequest } from './seat-request';

/** The queue of one slot inside this process. */
export class Lane {
  readonly slotId: string;
  /** What this lane has seen of other owners of the slot's lock. */
  readonly lockWait = new LockWait();
  /** When a round last had to do with this lane. */
  usedAtMs = 0;
  #waiting: SeatRequest[] = [];
  #notBeforeMs = -Infinity;

  constructor(slotId: string) {
    this.slotId = slotId;
  }

  /** Before this monotonic instant the slot's lock is not asked for again. */
  get notBeforeMs(): number {
    return this.#notBeforeMs;
  }

  /** Lets the lane rest until `atMs`; of several pauses the longest counts. */
  pauseUntil(atMs: number): void {
    this.#notBeforeMs = Math.max(this.#notBeforeMs, atMs);
  }

  get length(): number {
    return this.#waiting.length;
  }

  /** Puts a request at the end. */
  push(request: SeatRequest): void {
    this.#waiting.push(request);
  }

  /** Puts requests back to the head, in their order of arrival. */
  putBack(requests: readonly SeatRequest[]): void {
    this.#waiting = [...requests, ...this.#waiting];
  }

  /**
   * Takes from the head what can be decided together: requests of one kind, since one update
   * cannot both add bookings and change one. What does not fit into `round` stays in its place.
   */
  take(atMost: number, round: RoundMembers, nowMs: number): SeatRequest[] {
    const taken: SeatRequest[] = [];
    const left: SeatRequest[] = [];
    let isOpen = true;
    for (const request of this.#waiting.filter((waiting) => !waiting.isDropped(nowMs))) {
      const kind = taken[0]?.wish.kind ?? request.wish.kind;
      if (request.wish.kind !== kind || taken.length === atMost) isOpen = false;
      if (isOpen && round.admits(request)) taken.push(request);
      else left.push(request);
    }
    this.#waiting = left;
    return taken;
  }
}

/**
 * Who is in one round, and in which slot. A patient, and an idempotency key, may be in one slot of
 * a round only: an answer must rest on what is stored, not on another slot's write of this round
 * that may yet fail.
 */
export class RoundMembers {
  readonly #slotOf = new Map<string, string>();

  /** Takes the request in, unless its patient or its key is in this round for another slot. */
  admits({ wish }: SeatRequest): boolean {
    const names = [`patient ${wish.patientId}`];
    if (wish.idempotencyKey !== undefined) names.push(`key ${wish.idempotencyKey}`);
    const isElsewhere = names.some(
      (name) => (this.#slotOf.get(name) ?? wish.slotId) !== wish.slotId,
    );
    if (isElsewhere) return false;
    for (const name of names) this.#slotOf.set(name, wish.slotId);
    return true;
  }
}

/** What one round takes out of one lane. */
export interface LaneBatch {
  readonly lane: Lane;
  readonly requests: readonly SeatRequest[];
}

/** Bounds of the lanes, each a number of requests or slots. */
export interface LaneBounds {
  readonly requestsPerLane: number;
  /** Requests that are not answered yet, in lanes and in rounds. */
  readonly requestsInAll: number;
  readonly slotsPerRound: number;
  readonly requestsPerSlotAndRound: number;
}

/** Chosen so that a full round stays one batch of MongoDB and well under its time limit. */
export const LANE_BOUNDS: LaneBounds = {
  requestsPerLane: 2_000,
  requestsInAll: 10_000,
  slotsPerRound: 128,
  requestsPerSlotAndRound: 500,
};

/** An idle lane is kept this long, so that it remembers that others want the slot too. */
const IDLE_LANE_KEPT_MS = 2_000;

/** The lanes of all slots that are asked for in this process. */
export class Lanes {
  readonly #bounds: LaneBounds;
  readonly #lanes = new Map<string, Lane>();

  constructor(bounds: LaneBounds = LANE_BOUNDS) {
    this.#bounds = bounds;
  }

  /** Puts a request into the lane of its slot; false if the lane is full. */
  enqueue(request: SeatRequest): boolean {
    const lane = this.#laneOf(request.wish.slotId);
    if (lane.length >= this.#bounds.requestsPerLane) return false;
    lane.push(request);
    return true;
  }

  /** Takes the next round out of the lanes that are ready, those longest without one first. */
  takeRound(nowMs: number): LaneBatch[] {
    this.#forgetIdle(nowMs);
    const members = new RoundMembers();
    const batches: LaneBatch[] = [];
    for (const lane of [...this.#lanes.values()]) {
      if (batches.length === this.#bounds.slotsPerRound) break;
      if (lane.length === 0 || lane.notBeforeMs > nowMs) continue;
      const requests = lane.take(this.#bounds.requestsPerSlotAndRound, members, nowMs);
      if (requests.length === 0) continue;
      lane.usedAtMs = nowMs;
      this.#moveToEnd(lane);
      batches.push({ lane, requests });
    }
    return batches;
  }

  /** When the next lane with somebody in it may be asked again; undefined if nobody waits. */
  nextReadyAtMs(): number | undefined {
    let earliestMs: number | undefined;
    for (const lane of this.#lanes.values())
      if (lane.length > 0 && (earliestMs === undefined || lane.notBeforeMs < earliestMs))
        earliestMs = lane.notBeforeMs;
    return earliestMs;
  }

  #laneOf(slotId: string): Lane {
    let lane = this.#lanes.get(slotId);
    if (!lane) this.#lanes.set(slotId, (lane = new Lane(slotId)));
    return lane;
  }

  #moveToEnd(lane: Lane): void {
    this.#lanes.delete(lane.slotId);
    this.#lanes.set(lane.slotId, lane);
  }

  #forgetIdle(nowMs: number): void {
    for (const lane of this.#lanes.values())
      if (lane.length === 0 && nowMs - lane.usedAtMs > IDLE_LANE_KEPT_MS)
        this.#lanes.delete(lane.slotId);
  }
}
