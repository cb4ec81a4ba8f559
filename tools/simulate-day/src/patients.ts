import { MAX_ARRIVALS, type Arrival } from './arrivals';

/** A patient of the file: the name as written there, and a number that reaches nobody. */
export interface SimulatedPatient {
  readonly name: string;
  readonly phone: string;
}

/** Each played day has this many numbers; the numbers of as many days as fit are apart. */
const NUMBERS_PER_DAY = MAX_ARRIVALS;
const ALL_NUMBERS = 1_000_000;
const DAY_MS = 24 * 60 * 60 * 1_000;

/**
 * The number of the n-th patient, n from 1 on, of a day (`YYYY-MM-DD`): in E.164 form, but of no
 * real person: no Indian subscriber number begins with a 0, let alone with four. Days that follow
 * each other have numbers apart, so that a day may be played again without running into the limit
 * of codes that one phone is sent.
 */
export function phoneOf(patientNumber: number, date: string): string {
  const day = Date.parse(date) / DAY_MS;
  const number = (day * NUMBERS_PER_DAY + patientNumber) % ALL_NUMBERS;
  return `+910000${String(number).padStart(6, '0')}`;
}

/**
 * Gives each patient of a file a number of his own, in the order of the file. The same name, in
 * whatever case, is the same patient.
 */
export class PatientIndex {
  private readonly patients = new Map<string, SimulatedPatient>();

  constructor(arrivals: readonly Arrival[], date: string) {
    for (const { patient: name } of arrivals) {
      const key = name.toLowerCase();
      if (this.patients.has(key)) continue;
      this.patients.set(key, { name, phone: phoneOf(this.patients.size + 1, date) });
    }
  }

  /** The patient of an arrival that the index was made of. */
  of(arrival: Arrival): SimulatedPatient {
    const patient = this.patients.get(arrival.patient.toLowerCase());
    if (!patient) throw new Error(`Row ${arrival.row} is not of this index.`);
    return patient;
  }
}
