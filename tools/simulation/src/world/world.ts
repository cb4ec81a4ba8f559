import type { Operation } from '../history';
import { Random } from '../random';
import { Scheduler } from '../scheduler';
import { ReplicaSet, type Snapshot } from '../store/replica-set';
import { Clients } from './clients';
import { EPOCH_MS, openClinic } from './clinic';
import { Weather, type FaultCounts } from './faults';
import { LockService } from './locks';
import { SimulatedProcess, type WorldParts } from './process';
import { Workload } from './workload';

/** What must never be, seen while a world ran or found in what it left. */
export interface Violation {
  readonly rule: string;
  readonly detail: string;
}

/** Everything that one world left behind: what was asked and answered, and every state there was. */
export interface Chronicle {
  readonly seed: number;
  readonly history: readonly Operation[];
  /** States that a majority had, in order, the first one included. */
  readonly committed: readonly Snapshot[];
  /** States that one member had; some were rolled back. */
  readonly local: readonly Snapshot[];
  /** In events of the scheduler: reads of these spans may have been older than the newest write. */
  readonly staleSpans: readonly { readonly from: number; readonly to: number }[];
  readonly faults: FaultCounts;
  /** How many times a state was lost in a fail-over. */
  readonly rolledBack: number;
  readonly seen: readonly Violation[];
  readonly events: number;
  readonly tookVirtualMs: number;
  readonly maxActiveBookingsPerPatient: number;
}

/** A lock of a process that died ends by its TTL; then a slot can be booked at the latest (invariant I8). */
const CALM_BEFORE_PROBES_MS = 2_250;

/** Plays one world from its seed: the same seed, the same chronicle. */
export async function playWorld(seed: number): Promise<Chronicle> {
  const world = new World(seed);
  return world.play();
}

class World {
  readonly #seed: number;
  readonly #random: Random;
  readonly #scheduler: Scheduler;
  readonly #weather: Weather;
  readonly #set: ReplicaSet;
  readonly #locks = new LockService();
  readonly #clients: Clients;
  readonly #workload: Workload;
  readonly #parts: WorldParts;
  readonly #busyMs: number;
  readonly #committed: Snapshot[];
  readonly #local: Snapshot[] = [];
  readonly #seen: Violation[] = [];
  #processes: SimulatedProcess[] = [];
  #ids = 0;

  constructor(seed: number) {
    this.#seed = seed;
    this.#random = new Random(seed);
    const random = this.#random;
    this.#busyMs = random.pick([60, 300, 1_000, 2_500]);
    this.#scheduler = new Scheduler(new Random(seed, 1));
    this.#weather = new Weather(new Random(seed, 2));
    const initial = openClinic(random, this.#busyMs);
    this.#committed = [initial];
    this.#set = new ReplicaSet(initial, {
      scheduler: this.#scheduler,
      random: new Random(seed, 3),
      observer: {
        written: (snapshot) => this.#local.push(snapshot),
        committed: (snapshot) => this.#committed.push(snapshot),
      },
    });
    this.#parts = {
      ...{ scheduler: this.#scheduler, random: new Random(seed, 4), weather: this.#weather },
      ...{ set: this.#set, locks: this.#locks, epochMs: EPOCH_MS },
      // Without the validator it is the engine's own guards alone that keep a slot whole.
      validator: random.chance(0.5),
      maxActiveBookingsPerPatient: random.pick([0, 5, 5, 5, 2]),
      nextId: () => ++this.#ids,
      violation: (rule, detail) => this.#seen.push({ rule, detail }),
    };
    this.#workload = new Workload(new Random(seed, 5), Object.keys(initial));
    this.#clients = new Clients({
      ...{ scheduler: this.#scheduler, random: new Random(seed, 6), weather: this.#weather },
      processes: () => this.#processes.filter(({ isAlive }) => isAlive),
      violation: this.#parts.violation,
    });
  }

  async play(): Promise<Chronicle> {
    const processes = this.#random.pick([1, 2, 2, 3]);
    for (let index = 1; index <= processes; index += 1) this.#startProcess(`api-${index}`);
    this.#scheduleCalls();
    this.#scheduleFaults();
    const calmAtMs = this.#busyMs + 1_000;
    this.#scheduler.after(calmAtMs, () => this.#weather.calm());
    this.#scheduler.after(calmAtMs + CALM_BEFORE_PROBES_MS, () => this.#probe());
    await this.#scheduler.runAll();
    return {
      ...{ seed: this.#seed, history: this.#clients.history, committed: this.#committed },
      ...{ local: this.#local, staleSpans: this.#set.staleSpans, faults: this.#weather.counts },
      ...{ rolledBack: this.#set.rolledBack, seen: this.#seen, events: this.#scheduler.ran },
      tookVirtualMs: this.#scheduler.nowMs,
      maxActiveBookingsPerPatient: this.#parts.maxActiveBookingsPerPatient,
    };
  }

  #startProcess(name: string): void {
    this.#processes.push(new SimulatedProcess(name, this.#parts));
  }

  /** Calls come in bursts: what nobody else wants at the same time proves nothing. */
  #scheduleCalls(): void {
    const random = this.#random;
    const bursts = Array.from({ length: random.whole(1, 6) }, () => random.next() * this.#busyMs);
    const calls = random.whole(20, 32);
    for (let call = 0; call < calls; call += 1) {
      const atMs = random.pick(bursts) + random.between(0, random.pick([0.5, 8, 60]));
      this.#scheduler.after(atMs, () => {
        this.#clients.ask(this.#workload.next(this.#clients.history), {
          repeats: random.whole(0, 2),
        });
      });
    }
  }

  #scheduleFaults(): void {
    const strikes: Record<string, () => void> = {
      CRASH: () => this.#crash(),
      PAUSE: () => this.#anyProcess()?.pause(this.#random.between(20, 2_400)),
      CLOCK_JUMP: () => this.#anyProcess()?.jumpWallClock(this.#random.between(-5_000, 5_000)),
      LOCKS_FORGOTTEN: () => this.#locks.forgetAll(),
      LOCK_SERVICE_AWAY: () => {
        this.#locks.awayUntilMs = this.#scheduler.nowMs + this.#random.between(10, 800);
      },
      REPLICATION_STALLED: () => this.#set.stallReplication(this.#random.between(20, 1_500)),
      PRIMARY_KILLED: () => this.#killPrimary(),
      PRIMARY_CUT_OFF: () => this.#cutOffPrimary(),
    };
    for (const [fault, strike] of Object.entries(strikes)) {
      if (!this.#weather.has(fault as keyof FaultCounts)) continue;
      const times = this.#random.whole(1, 3);
      for (let time = 0; time < times; time += 1)
        this.#scheduler.after(this.#random.next() * (this.#busyMs + 300), () => {
          this.#weather.counts[fault as keyof FaultCounts] += 1;
          strike();
        });
    }
  }

  #anyProcess(): SimulatedProcess | undefined {
    const up = this.#processes.filter(({ isAlive }) => isAlive);
    return up.length > 0 ? this.#random.pick(up) : undefined;
  }

  #crash(): void {
    const process = this.#anyProcess();
    if (!process) return;
    process.crash();
    this.#clients.connectionsLost(process);
    this.#scheduler.after(this.#random.between(5, 600), () => this.#startProcess(process.name));
  }

  /** Most often the others lag behind it: then there is something to be rolled back. */
  #killPrimary(): void {
    const kill = () => this.#set.killPrimary(this.#random.between(5, 800));
    if (this.#random.chance(0.4)) return kill();
    const lagMs = this.#random.between(2, 120);
    this.#set.stallReplication(lagMs + 20);
    this.#scheduler.after(lagMs, kill);
  }

  #cutOffPrimary(): void {
    const names = this.#processes.map(({ name }) => name).filter(() => this.#random.chance(0.6));
    const gapMs = this.#random.between(5, 300);
    this.#set.cutOffPrimary(names, { gapMs, beliefMs: gapMs + this.#random.between(5, 600) });
  }

  /** In calm every slot is asked for, by more people than it has seats. */
  #probe(): void {
    for (const slotId of Object.keys(this.#committed[0] ?? {}))
      for (const waitMs of [0, 0, 40])
        this.#scheduler.after(waitMs, () => {
          this.#clients.ask(this.#workload.probe(slotId), { isProbe: true });
        });
  }
}
