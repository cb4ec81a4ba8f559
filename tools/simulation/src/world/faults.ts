import type { Random } from '../random';
import type { TripFate } from '../store/collection';

/** Every kind of fault that a world may meet. */
export const FAULTS = [
  'REPLY_LOST',
  'REQUEST_LOST',
  'NO_REPLY',
  'NOT_SENT',
  'SLOW_REQUEST',
  'LATE_REPLY',
  'BULK_APPLIED_IN_PART',
  'REPLICATION_STALLED',
  'PRIMARY_KILLED',
  'PRIMARY_CUT_OFF',
  'LOCKS_FORGOTTEN',
  'LOCK_HELD_BY_TWO',
  'LOCK_SERVICE_AWAY',
  'LOCK_REPLY_LOST',
  'RELEASE_LOST',
  'CRASH',
  'PAUSE',
  'CLOCK_JUMP',
  'DUPLICATE_DELIVERY',
  'CLIENT_GONE',
] as const;
export type Fault = (typeof FAULTS)[number];

/** How often each kind struck. */
export type FaultCounts = Record<Fault, number>;

export function noFaults(): FaultCounts {
  return Object.fromEntries(FAULTS.map((fault) => [fault, 0])) as FaultCounts;
}

const FATE_OF_FAULT = {
  REPLY_LOST: 'REPLY_LOST',
  REQUEST_LOST: 'REQUEST_LOST',
  NO_REPLY: 'SILENT',
  NOT_SENT: 'NOT_SENT',
  SLOW_REQUEST: 'SLOW',
  LATE_REPLY: 'LATE_REPLY',
} as const satisfies Partial<Record<Fault, TripFate>>;
const TRIP_FAULTS = Object.keys(FATE_OF_FAULT) as (keyof typeof FATE_OF_FAULT)[];

/**
 * The faults of one world: a seed draws which kinds there are, each alone or with others, and how
 * often they strike, until it calms.
 */
export class Weather {
  readonly counts = noFaults();
  readonly #random: Random;
  readonly #rates = new Map<Fault, number>();
  #isCalm = false;

  constructor(random: Random) {
    this.#random = random;
    // One world in ten has none at all: races are enough to break what is not guarded.
    if (random.chance(0.1)) return;
    const share = random.pick([0.08, 0.2, 0.4]);
    for (const fault of FAULTS)
      if (random.chance(share)) this.#rates.set(fault, random.between(0.02, 0.25));
    // A lock that says yes to everybody leaves the guard of the write alone with the race.
    if (this.#rates.has('LOCK_HELD_BY_TWO') || random.chance(0.1))
      this.#rates.set('LOCK_HELD_BY_TWO', random.pick([0.2, 0.7, 1]));
  }

  /** From now on nothing new goes wrong. */
  calm(): void {
    this.#isCalm = true;
  }

  /** True if this kind of fault is part of this world at all. */
  has(fault: Fault): boolean {
    return this.#rates.has(fault);
  }

  /** Draws whether the fault strikes now, and counts it. */
  strikes(fault: Fault): boolean {
    const rate = this.#rates.get(fault);
    if (rate === undefined || this.#isCalm || !this.#random.chance(rate)) return false;
    this.counts[fault] += 1;
    return true;
  }

  /** What becomes of one trip to the store. */
  fate(): TripFate {
    if (this.#isCalm) return 'NORMAL';
    for (const fault of TRIP_FAULTS)
      // Trips are many: a third of the rate is enough to meet every one of their steps.
      if (this.#rates.has(fault) && this.#random.chance(0.4) && this.strikes(fault))
        return FATE_OF_FAULT[fault];
    return 'NORMAL';
  }
}
