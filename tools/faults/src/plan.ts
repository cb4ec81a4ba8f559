import { Draw, seedOf } from './draw';
import { FAULT_KINDS, type FaultKind } from './faults';

/** One fault of a round. Times count from the start of the rush. */
export interface PlannedFault {
  readonly kind: FaultKind;
  readonly atMs: number;
  readonly lastsMs: number;
}

/** How a booked visit goes on. */
export type Ending = 'STAY' | 'CANCEL' | 'CANCEL_TWICE' | 'NOSHOW' | 'REINSTATE' | 'SERVE';

/** One visit: somebody asks for a seat, and, given one, goes on. */
export interface PlannedVisit {
  readonly atMs: number;
  /** Numbers into the slots and the patients of the round. */
  readonly slot: number;
  readonly patient: number;
  readonly audience: 'patient' | 'desk';
  readonly type: string;
  readonly ending: Ending;
  /** Between one step and the next. */
  readonly pauseMs: number;
  /** Asks again, with the same key, also after an answer that says that nothing happened. */
  readonly isPersistent: boolean;
}

/** One change of a slot by the administration. */
export interface PlannedChange {
  readonly atMs: number;
  readonly slot: number;
  readonly change: Change;
}

/** What is changed. */
export type Change =
  | { readonly status: 'OPEN' | 'CLOSED' }
  | {
      readonly capacity: {
        readonly base: number;
        readonly premiumBuffer: number;
        readonly emergencyBuffer: number;
      };
    }
  | { readonly isDelayed: boolean };

/** Everything that happens in one round, drawn beforehand. */
export interface RoundPlan {
  readonly seed: number;
  readonly faults: readonly PlannedFault[];
  readonly visits: readonly PlannedVisit[];
  readonly changes: readonly PlannedChange[];
}

/** Sizes of a round. */
export const ROUND = {
  days: 4,
  slotsPerDay: 2,
  patients: 60,
  rushMs: 4_200,
  visits: 130,
  /** Visits that come all together just before a fault. */
  crowd: 14,
  changes: 14,
  /** Visits in the calm after everything is well again. */
  calmVisits: 24,
  calmMs: 700,
} as const;

/** The capacity every slot of a round starts with: small, so that seats run out. */
export const START_CAPACITY = { base: 4, premiumBuffer: 1, emergencyBuffer: 2 } as const;
const OTHER_CAPACITY = { base: 5, premiumBuffer: 2, emergencyBuffer: 1 } as const;
const SMALL_CAPACITY = { base: 2, premiumBuffer: 1, emergencyBuffer: 1 } as const;

const FAULTS_PER_ROUND = 2;
/** After its lock's life and what the bound adds; until then no second fault may blur a crash. */
const ALONE_MS = 2_600;
const CROWD_BEFORE_MS = 25;
const SLOTS = ROUND.days * ROUND.slotsPerDay;

const PATIENT_TYPES = ['ONLINE', 'ONLINE', 'PAID', 'FOLLOWUP'] as const;
const DESK_TYPES = ['ONLINE', 'WALKIN', 'WALKIN', 'PAID', 'FOLLOWUP', 'EMERGENCY'] as const;
const ENDINGS: readonly Ending[] = [
  'STAY',
  'STAY',
  'STAY',
  'CANCEL',
  'CANCEL_TWICE',
  'NOSHOW',
  'REINSTATE',
  'SERVE',
];

/**
 * Draws round `index` of the run with `seed`. Over nine rounds every kind of fault comes once, in
 * an order that the seed decides.
 */
export function planRound(seed: number, index: number): RoundPlan {
  const roundSeed = seedOf(seed, index);
  const draw = new Draw(roundSeed);
  const faults = planFaults(kindsOf(seed, index), draw);
  const crowds = faults.map(({ atMs }) => atMs - CROWD_BEFORE_MS);
  const seats = draw.shuffled(seatsToAskFor());
  const visits = seats.slice(0, ROUND.visits).map(([slot, patient], order) => {
    const crowd = crowds[Math.floor(order / ROUND.crowd)];
    const atMs = crowd ?? draw.between(0, ROUND.rushMs);
    return planVisit({ slot, patient, atMs, isCrowd: crowd !== undefined }, draw);
  });
  const calm = seats
    .slice(ROUND.visits, ROUND.visits + ROUND.calmVisits)
    .map(([slot, patient]) =>
      planVisit({ slot, patient, atMs: ROUND.rushMs + draw.between(0, ROUND.calmMs) }, draw),
    );
  return { seed: roundSeed, faults, visits: [...visits, ...calm], changes: planChanges(draw) };
}

/** Every kind once in a deck; a round takes two cards, and a new deck is shuffled when it is used up. */
function kindsOf(seed: number, index: number): FaultKind[] {
  const roundsPerDeck = FAULT_KINDS.length / FAULTS_PER_ROUND;
  const deck = Math.floor(index / roundsPerDeck);
  const cards = new Draw(seedOf(seed, -2 - deck)).shuffled(FAULT_KINDS);
  const from = (index % roundsPerDeck) * FAULTS_PER_ROUND;
  return cards.slice(from, from + FAULTS_PER_ROUND);
}

function planFaults(kinds: readonly FaultKind[], draw: Draw): PlannedFault[] {
  let atMs = draw.between(500, 900);
  return kinds.map((kind) => {
    const fault = { kind, atMs, lastsMs: draw.between(...lengthOf(kind)) };
    atMs += kind === 'api-kill' ? ALONE_MS : draw.between(200, 1_800);
    return fault;
  });
}

// Longer than a lock lives for what is frozen; longer than an election for what is cut off.
function lengthOf(kind: FaultKind): [number, number] {
  if (kind === 'api-kill') return [300, 900];
  if (kind.endsWith('-kill')) return [200, 1_500];
  if (kind.endsWith('-stop')) return [800, 3_200];
  if (kind === 'mongo-primary-isolated') return [2_800, 3_600];
  return [600, 2_500];
}

/** Every pair of a slot and a patient once: nobody asks twice for the same slot. */
function seatsToAskFor(): [slot: number, patient: number][] {
  return Array.from({ length: SLOTS * ROUND.patients }, (_, number) => [
    number % SLOTS,
    Math.floor(number / SLOTS),
  ]);
}

function planVisit(
  at: { slot: number; patient: number; atMs: number; isCrowd?: boolean },
  draw: Draw,
): PlannedVisit {
  const audience = draw.next() < 0.5 ? 'patient' : 'desk';
  return {
    slot: at.slot,
    patient: at.patient,
    atMs: at.atMs + (at.isCrowd ? draw.between(0, CROWD_BEFORE_MS) : 0),
    audience,
    type: draw.pick(audience === 'patient' ? PATIENT_TYPES : DESK_TYPES),
    ending: draw.pick(ENDINGS),
    pauseMs: draw.between(0, 400),
    isPersistent: draw.next() < 0.5,
  };
}

function planChanges(draw: Draw): PlannedChange[] {
  return Array.from({ length: ROUND.changes }, () => ({
    atMs: draw.between(0, ROUND.rushMs),
    slot: Math.floor(draw.between(0, SLOTS)),
    change: draw.pick<Change>([
      { isDelayed: true },
      { isDelayed: false },
      { capacity: OTHER_CAPACITY },
      { capacity: SMALL_CAPACITY },
      { capacity: START_CAPACITY },
      { status: 'CLOSED' },
      { status: 'OPEN' },
      { status: 'OPEN' },
    ]),
  })).sort((a, b) => a.atMs - b.atMs);
}
