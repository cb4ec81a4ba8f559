import { type BookingType } from '@opd/capacity-core';
import { type Lognormal } from './draw';

/** How patients of one type behave. Shares and rates are parts of 1. */
export interface TypeFigures {
  /** Part of all arrivals. The shares of all types add up to 1. */
  readonly share: number;
  /** Part that books and does not come. */
  readonly noShowRate: number;
  /** Part that books and cancels in time. */
  readonly cancelRate: number;
  /** How long before the slot's start he books; none for those who come without a booking. */
  readonly leadMinutes?: Lognormal;
}

/**
 * The generated clinic day. README.md of this tool tells, figure by figure, what is published and
 * by whom, what follows from it, and what is assumed:
 *
 * - No-shows: 0.23 is the mean of 105 studies (Dantas et al. 2018); the split by type is assumed.
 * - Cancellations: patients cancelled 7.5 % of the appointments in English hospitals in 2019-20
 *   (NHS Digital, Hospital Outpatient Activity).
 * - WALKIN: the quarter that AIIMS keeps for people without an appointment (Deccan Herald 2014).
 * - EMERGENCY and PAID with FOLLOWUP: about 1 and 2 per slot on the shipped day, the demand for
 *   which limits of 10, 12 and 15 are right by EMSR-b (values 30 : 2 : 1).
 * - Lead times: assumed. In life they are days; here all asking happens on the day that is played.
 */
export const TYPE_FIGURES: Readonly<Record<BookingType, TypeFigures>> = {
  ONLINE: {
    share: 0.558,
    noShowRate: 0.23,
    cancelRate: 0.075,
    leadMinutes: { mean: 210, coefficientOfVariation: 0.7 },
  },
  WALKIN: { share: 0.25, noShowRate: 0.02, cancelRate: 0 },
  PAID: {
    share: 0.064,
    noShowRate: 0.08,
    cancelRate: 0.075,
    leadMinutes: { mean: 120, coefficientOfVariation: 0.7 },
  },
  FOLLOWUP: {
    share: 0.064,
    noShowRate: 0.15,
    cancelRate: 0.075,
    leadMinutes: { mean: 240, coefficientOfVariation: 0.7 },
  },
  EMERGENCY: { share: 0.064, noShowRate: 0, cancelRate: 0 },
};

/** When walk-ins come: from this long before the slot's start to this long before its end (assumed). */
export const WALKIN_EARLIEST_MINUTES = 15;
export const WALKIN_LATEST_MINUTES = 10;

/** Emergencies come at any time of the slot, but for its last minutes (assumed). */
export const EMERGENCY_LATEST_MINUTES = 5;

/** Nobody books from home later than this before the slot's start (assumed). */
export const SHORTEST_LEAD_MINUTES = 5;

/** The hours of a generated doctor, cut into slots of an hour: those of the demo clinic. */
export const CLINIC_STARTS = [
  '09:00',
  '10:00',
  '11:00',
  '12:00',
  '14:00',
  '15:00',
  '16:00',
  '17:00',
] as const;

/** How much more a slot is asked for before noon and after (assumed). */
export const MORNING_WEIGHT = 1.2;
export const AFTERNOON_WEIGHT = 0.8;

/** The most and the least popular doctor, in parts of the mean (assumed). */
export const DOCTOR_WEIGHTS = { least: 0.7, most: 1.3 } as const;

/**
 * One consultation. 6 minutes is what a base of 10 patients an hour means; half of mankind gets 5
 * or less in primary care (Irving et al. 2017). The shape is the usual one in the literature on
 * appointment systems, and the coefficient lies in the range of 0.35 to 0.85 that is commonly
 * quoted after Cayirli and Veral (2003); that range was not checked in their paper.
 */
export const CONSULTATION_MINUTES: Lognormal = { mean: 6, coefficientOfVariation: 0.6 };

/**
 * How far from the slot's start those arrive who booked from home: normal, 10 minutes early in the
 * mean (Cerruti et al. 2023, by way of the generator medscheduler).
 */
export const PUNCTUALITY_MINUTES = { mean: -10, deviation: 9.8 } as const;

/** A patient who is not there this long after the slot's start is marked as a no-show. */
export const NOSHOW_GRACE_MINUTES = 10;
