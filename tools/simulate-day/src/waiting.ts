import { type Tier } from '@opd/capacity-core';
import { lognormalAt, standardNormal } from './draw';
import { CONSULTATION_MINUTES } from './figures';

/** A checked-in patient, as the doctor's door sees him. Minutes count from midnight. */
export interface WaitingPatient {
  /** The row of the arrivals file. */
  readonly row: number;
  readonly tier: Tier;
  readonly tokenNumber: number;
  /** When he is there. */
  readonly presentMinute: number;
  /** The start of his slot. */
  readonly slotStartMinute: number;
  /** When the doctor begins the session (slots without a gap) that the slot lies in. */
  readonly sessionStartMinute: number;
  /** How long his consultation takes. */
  readonly serviceMinutes: number;
}

/** One patient served. */
export interface Consultation {
  readonly row: number;
  readonly startsMinute: number;
  readonly endsMinute: number;
  /** From the slot's start, or his coming if that is later, until he is called; never below 0. */
  readonly waitMinutes: number;
}

/**
 * One doctor and the people at the door. The doctor is never idle while somebody may be called.
 * Emergencies go first, then the earlier slot, then the lower token number; a consultation is not
 * interrupted. Nobody is called before the session of his slot begins.
 */
export class ConsultingRoom {
  private readonly waiting: WaitingPatient[] = [];
  private freeAtMinute = 0;

  /** A patient takes his seat. He must not have come before a minute that has been played. */
  seat(patient: WaitingPatient): void {
    this.waiting.push(patient);
  }

  /** Plays on until `minute`, and returns the consultations that start before it, in order. */
  advanceTo(minute: number): Consultation[] {
    const consultations: Consultation[] = [];
    for (;;) {
      const startsMinute = this.nextStartMinute();
      if (startsMinute === undefined || startsMinute >= minute) return consultations;
      consultations.push(this.call(startsMinute));
    }
  }

  private nextStartMinute(): number | undefined {
    if (this.waiting.length === 0) return undefined;
    return Math.max(this.freeAtMinute, Math.min(...this.waiting.map(callableFromMinute)));
  }

  private call(startsMinute: number): Consultation {
    const next = this.waiting
      .filter((patient) => callableFromMinute(patient) <= startsMinute)
      .reduce((first, patient) => (goesBefore(patient, first) ? patient : first));
    this.waiting.splice(this.waiting.indexOf(next), 1);
    this.freeAtMinute = startsMinute + next.serviceMinutes;

    const expected = Math.max(next.presentMinute, next.slotStartMinute);
    return {
      row: next.row,
      startsMinute,
      endsMinute: this.freeAtMinute,
      waitMinutes: Math.max(0, startsMinute - expected),
    };
  }
}

function callableFromMinute(patient: WaitingPatient): number {
  return Math.max(patient.presentMinute, patient.sessionStartMinute);
}

function goesBefore(one: WaitingPatient, other: WaitingPatient): boolean {
  const order =
    Number(isEmergency(other)) - Number(isEmergency(one)) ||
    one.slotStartMinute - other.slotStartMinute ||
    one.tokenNumber - other.tokenNumber;
  return order < 0;
}

function isEmergency(patient: WaitingPatient): boolean {
  return patient.tier === 'CRITICAL';
}

/** How long the consultation of an arrival takes, the same whatever happens around it. */
export function serviceMinutesOf(row: number, seed: number): number {
  return lognormalAt(CONSULTATION_MINUTES, standardNormal(seed, row, 'service'));
}

/** The start of the session each slot lies in, by the slot's start: sessions are slots without a gap. */
export function sessionStarts(
  slotStartMinutes: readonly number[],
  slotMinutes: number,
): Map<number, number> {
  const starts = [...new Set(slotStartMinutes)].sort((one, other) => one - other);
  const sessionOf = new Map<number, number>();
  for (const start of starts) sessionOf.set(start, sessionOf.get(start - slotMinutes) ?? start);
  return sessionOf;
}
