import { setTimeout as sleep } from 'node:timers/promises';
import { Caller, type Call } from './caller';
import type { RealClinic } from './clinic';
import { Draw } from './draw';
import { aim, type FaultKind } from './faults';
import { postOrThrow, type People } from './people';
import { ROUND, START_CAPACITY, type PlannedFault, type RoundPlan } from './plan';
import {
  applyChange,
  askForSeat,
  liveThrough,
  newVisit,
  sleepUntil,
  type Desk,
  type SlotChange,
  type Visit,
} from './visits';

/** A fault as it struck. Times are on the monotonic clock of this process. */
export interface StruckFault {
  readonly kind: FaultKind;
  /** Undefined where there was nothing to hit, such as no primary. */
  readonly struckAtMs: number | undefined;
  /** When it was undone; the parts may have needed a moment more. */
  healedAtMs?: number;
  /** Writes that were on their way to what was hit. */
  readonly hits: number;
}

/** How long a slot that a killed process was writing to could not be booked. */
export interface Probe {
  readonly slotId: string;
  readonly bookableAfterMs: number | undefined;
}

/** Everything that happened in one round, for the judges. */
export interface RoundRecord {
  readonly plan: RoundPlan;
  readonly slotIds: readonly string[];
  readonly doctorId: string;
  readonly startedAtMs: number;
  readonly calls: readonly Call[];
  readonly visits: readonly Visit[];
  readonly changes: readonly SlotChange[];
  readonly faults: readonly StruckFault[];
  readonly probes: readonly Probe[];
  /** When everything was well again; undefined if it never was. */
  readonly healthyAtMs: number | undefined;
  readonly endedAtMs: number;
}

const HEALTHY_WITHIN_MS = 45_000;
const GIVE_UP_MS = 15_000;
const AIM_AHEAD_MS = 500;
/** How long a fault waits for a write that it can hit. */
const WAIT_FOR_HIT_MS = 300;
const PROBED_SLOTS = 3;
const PROBE_PAUSE_MS = 20;
/** A slot of a killed process must be free by its lock's life; after twice that there is no need to ask. */
const PROBE_MS = 6_000;
const LEAD_MS = 300;
/** The life of a lock, and how late a held-up request for one may still arrive. */
const LOCK_LIFE_MS = 2_250;

/** One round and where it is played. */
export interface RoundPlace {
  readonly index: number;
  readonly plan: RoundPlan;
  readonly clinic: RealClinic;
  readonly people: People;
}

/** Plays one round on a clinic that is well, and waits until it is well again. */
export async function playRound(place: RoundPlace): Promise<RoundRecord> {
  const round = await RoundInPlay.open(place);
  return round.play();
}

class RoundInPlay {
  private readonly plan: RoundPlan;
  private readonly clinic: RealClinic;
  private readonly people: People;
  readonly #caller: Caller;
  readonly #visits: Visit[];
  readonly #probes: Probe[] = [];
  readonly #probing: Promise<void>[] = [];
  readonly #startsAtMs = performance.now() + LEAD_MS;

  private constructor(
    private readonly doctorId: string,
    private readonly slotIds: readonly string[],
    place: Omit<RoundPlace, 'index'>,
  ) {
    const { plan, clinic, people } = place;
    this.plan = plan;
    this.clinic = clinic;
    this.people = people;
    this.#caller = new Caller(clinic.apis);
    this.#visits = plan.visits.map((visit) =>
      newVisit(visit, this.#slotId(visit.slot), this.#patient(visit.patient)),
    );
  }

  /** Opens the slots of a doctor whom no other round has. */
  static async open({ index, plan, clinic, people }: RoundPlace) {
    const doctorId = `round-${index}`;
    const admin = clinic.apis.of('admin')[0]?.url;
    const post = (path: string, body: unknown) =>
      postOrThrow(`${admin}/v1/${path}`, body, people.adminToken);
    await post('doctors', { doctorId, name: 'Round Doctor', specialty: 'Faults' });
    const from = dayAhead(1);
    await post('slots/open-range', {
      doctorId,
      from,
      days: ROUND.days,
      weekdays: [1, 2, 3, 4, 5, 6, 7],
      ranges: [{ start: '09:00', end: `${9 + ROUND.slotsPerDay}:00` }],
      slotMinutes: 60,
      capacity: START_CAPACITY,
    });
    const slotIds = Array.from({ length: ROUND.days }, (_, day) =>
      Array.from({ length: ROUND.slotsPerDay }, (__, hour) => {
        const time = String(9 + hour).padStart(2, '0');
        return `${doctorId}_${dayAhead(1 + day)}_${time}00`;
      }),
    ).flat();
    return new RoundInPlay(doctorId, slotIds, { plan, clinic, people });
  }

  async play(): Promise<RoundRecord> {
    const desk: Desk = {
      caller: this.#caller,
      people: this.people,
      startsAtMs: this.#startsAtMs,
      givenUpAtMs: this.#startsAtMs + ROUND.rushMs + HEALTHY_WITHIN_MS + GIVE_UP_MS,
    };
    const [rush, calm] = [
      this.#visits.filter(({ plan }) => plan.atMs < ROUND.rushMs),
      this.#visits.filter(({ plan }) => plan.atMs >= ROUND.rushMs),
    ];
    const living = rush.map((visit) => liveThrough(visit, desk));
    const changes = this.#applyChanges(desk);
    const faults = await Promise.all(this.plan.faults.map((fault) => this.#inflict(fault, desk)));
    await sleepUntil(this.#startsAtMs + ROUND.rushMs);
    const isHealthy = await this.clinic.isHealthyWithin(HEALTHY_WITHIN_MS);
    await Promise.all(this.#probing);
    if (isHealthy) await sleepUntil(untilLocksEndMs(faults));
    const healthyAtMs = isHealthy ? performance.now() : undefined;
    // The calm comes when it is calm, whatever the plan's clock says.
    const calmDesk = { ...desk, startsAtMs: performance.now() - ROUND.rushMs };
    await Promise.all([...living, ...calm.map((visit) => liveThrough(visit, calmDesk))]);
    return {
      plan: this.plan,
      slotIds: this.slotIds,
      doctorId: this.doctorId,
      startedAtMs: this.#startsAtMs,
      calls: this.#caller.calls,
      visits: this.#visits,
      changes: await changes,
      faults,
      probes: this.#probes,
      healthyAtMs,
      endedAtMs: performance.now(),
    };
  }

  /** The changes of one slot one after the other, so that it is known which holds. */
  async #applyChanges(desk: Desk): Promise<SlotChange[]> {
    const bySlot = this.slotIds.map(async (slotId, slot) => {
      const made: SlotChange[] = [];
      for (const planned of this.plan.changes.filter((change) => change.slot === slot))
        made.push(await applyChange(planned, slotId, desk));
      return made;
    });
    return (await Promise.all(bySlot)).flat();
  }

  async #inflict(planned: PlannedFault, desk: Desk): Promise<StruckFault> {
    const { kind, atMs, lastsMs } = planned;
    const draw = new Draw(this.plan.seed + atMs);
    await sleepUntil(this.#startsAtMs + atMs - AIM_AHEAD_MS);
    const aimed = await aim(kind, this.clinic, draw);
    await sleepUntil(this.#startsAtMs + atMs);
    if (!aimed) return { kind, struckAtMs: undefined, hits: 0 };
    const isAffected = (call: Call) => !aimed.instance || call.instance === aimed.instance;
    await this.#untilInFlight(isAffected);
    const hit = this.#caller.writesInFlight(isAffected);
    aimed.fire();
    const struckAtMs = performance.now();
    if (kind === 'api-kill') this.#probe(hit, struckAtMs, desk);
    await sleep(lastsMs);
    await aimed.heal();
    return { kind, struckAtMs, healedAtMs: performance.now(), hits: hit.length };
  }

  async #untilInFlight(isAffected: (call: Call) => boolean): Promise<void> {
    const untilMs = performance.now() + WAIT_FOR_HIT_MS;
    while (this.#caller.writesInFlight(isAffected).length === 0 && performance.now() < untilMs)
      await sleep(1);
  }

  /** Asks again and again for a seat in the slots that a killed process was writing to. */
  #probe(hit: readonly Call[], killedAtMs: number, desk: Desk): void {
    const slotIds = [...new Set(hit.map(({ slotId }) => slotId))].slice(0, PROBED_SLOTS);
    const row = hit[0] && 1 - hit[0].instance.row;
    slotIds.forEach((slotId, order) => {
      const plan = { atMs: 0, slot: this.slotIds.indexOf(slotId), patient: ROUND.patients + order };
      const wish = { audience: 'desk', type: 'EMERGENCY', ending: 'STAY' } as const;
      const visit = newVisit(
        { ...plan, ...wish, pauseMs: 0, isPersistent: true },
        slotId,
        this.#patient(plan.patient),
      );
      this.#visits.push(visit);
      const probing = { ...desk, givenUpAtMs: killedAtMs + PROBE_MS };
      const asked = askForSeat(visit, probing, {
        pauseMs: PROBE_PAUSE_MS,
        ...(row !== undefined && { row }),
      });
      this.#probing.push(
        asked.then(() => {
          const decided = visit.asks.find(
            ({ status = 0 }) => status < 500 && ![0, 429].includes(status),
          );
          const bookableAfterMs = decided?.endedAtMs && decided.endedAtMs - killedAtMs;
          this.#probes.push({ slotId, bookableAfterMs });
        }),
      );
    });
  }

  #slotId(slot: number): string {
    return this.slotIds[slot] ?? '';
  }

  #patient(patient: number) {
    const found = this.people.patients[patient];
    if (!found) throw new Error(`There is no patient ${patient}`);
    return found;
  }
}

/**
 * When the last lock that a fault may have left to nobody has run out: of a process that died, or in
 * a Redis that heard of it late. Until then its slot answers SLOT_BUSY, as it should.
 */
function untilLocksEndMs(faults: readonly StruckFault[]): number {
  const endings = faults.flatMap(({ healedAtMs }) => healedAtMs ?? []);
  return Math.max(0, ...endings) + LOCK_LIFE_MS;
}

/** A calendar day, so many days from today in UTC. */
function dayAhead(days: number): string {
  return new Date(Date.now() + days * 86_400_000).toISOString().slice(0, 10);
}
