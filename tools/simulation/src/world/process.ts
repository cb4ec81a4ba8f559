import type { PatientDirectory } from '@opd/auth';
import { createBooking, type BookingUseCases, type Clock } from '@opd/booking';
import type { Connection } from 'mongoose';
import type { Random } from '../random';
import type { Actor, Scheduler } from '../scheduler';
import { SimulatedCollection, type TripRules } from '../store/collection';
import type { ReplicaSet } from '../store/replica-set';
import type { Weather } from './faults';
import { SimulatedLocks, type LockService } from './locks';

/** What every process of a world shares. */
export interface WorldParts {
  readonly scheduler: Scheduler;
  readonly random: Random;
  readonly weather: Weather;
  readonly set: ReplicaSet;
  readonly locks: LockService;
  /** Wall clock at virtual time 0. */
  readonly epochMs: number;
  readonly validator: boolean;
  readonly maxActiveBookingsPerPatient: number;
  nextId(): number;
  /** Told of what must never be, wherever it is seen. */
  readonly violation: (rule: string, detail: string) => void;
}

/** With less left of the lock no write may leave a process (the architecture's bounds). */
const LEAST_LOCK_LEFT_MS = 500;

/** One API process: the real booking engine on simulated time, locks and store. */
export class SimulatedProcess implements Actor {
  readonly name: string;
  readonly booking: BookingUseCases;
  isAlive = true;
  pausedUntilMs = 0;
  /** When this process was last seen standing still. */
  lastPauseEndedMs = -Infinity;
  #jumpMs = 0;
  readonly #parts: WorldParts;

  constructor(name: string, parts: WorldParts) {
    this.name = name;
    this.#parts = parts;
    const locks = new SimulatedLocks({
      ...{ service: parts.locks, scheduler: parts.scheduler, random: parts.random },
      ...{ weather: parts.weather, actor: this },
    });
    this.booking = createBooking({
      connection: this.#connection(locks),
      patients: PATIENTS,
      locks,
      settings: {
        clinicTimeZone: 'UTC',
        maxActiveBookingsPerPatient: parts.maxActiveBookingsPerPatient,
        lockWaitMs: 250,
        tokenSigningKey: 'a key of the simulation, of 32 signs',
      },
      observer: {
        roundEnded: () => undefined,
        slotBroke: (slotId, error) => parts.violation('SLOT_BROKE', `${slotId}: ${String(error)}`),
        writeUnclear: () => undefined,
      },
      clock: this.#clock(),
      ids: {
        bookingId: () => `bk_${parts.nextId()}`,
        requestId: () => `rq_${parts.nextId()}`,
      },
      random: () => parts.random.next(),
    });
  }

  get wallMs(): number {
    return this.#parts.epochMs + this.#parts.scheduler.nowMs + this.#jumpMs;
  }

  /** Nothing of this process goes on any more. */
  crash(): void {
    this.isAlive = false;
  }

  /** Nothing of this process goes on for a while. */
  pause(forMs: number): void {
    this.pausedUntilMs = this.#parts.scheduler.nowMs + forMs;
    this.lastPauseEndedMs = this.pausedUntilMs;
  }

  jumpWallClock(byMs: number): void {
    this.#jumpMs += byMs;
  }

  #clock(): Clock {
    const { scheduler } = this.#parts;
    return {
      nowMs: () => this.wallMs,
      monotonicMs: () => scheduler.nowMs,
      after: (delayMs, callback) => scheduler.after(delayMs, callback, this),
    };
  }

  /** As much of a connection as the slot store asks for. */
  #connection(locks: SimulatedLocks): Connection {
    const { set, scheduler, random } = this.#parts;
    const slots = new SimulatedCollection({
      ...{ client: this.name, actor: this, set, scheduler, random, rules: this.#rules(locks) },
    });
    const db = { collection: () => slots };
    return { name: 'simulated', getClient: () => ({ db: () => db }) } as unknown as Connection;
  }

  #rules(locks: SimulatedLocks): TripRules {
    const { weather, random, validator, violation } = this.#parts;
    return {
      validator,
      fate: () => weather.fate(),
      bulkCutAfter: (operations) =>
        weather.strikes('BULK_APPLIED_IN_PART') ? random.whole(0, operations) : undefined,
      bulkSent: (slotIds) => {
        for (const slotId of slotIds) {
          const leftMs = locks.remainingMs(slotId);
          if (leftMs < LEAST_LOCK_LEFT_MS)
            violation('WRITE_WITHOUT_LOCK', `${slotId}: ${leftMs.toFixed(0)} ms of the lock left`);
        }
      },
    };
  }
}

// Patients are not what is simulated: everybody is known.
const PATIENTS = {
  byId: (patientId: string) => Promise.resolve(patientOf(patientId)),
  byIds: (patientIds: readonly string[]) =>
    Promise.resolve(new Map(patientIds.map((id) => [id, patientOf(id)]))),
} as unknown as PatientDirectory;

function patientOf(patientId: string) {
  return { patientId, name: `Patient ${patientId}`, phone: '+910000000000' };
}
