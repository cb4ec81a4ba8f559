import type { PatientDirectory } from '@opd/auth';
import type { BookingType } from '@opd/capacity-core';
import {
  ok,
  OutcomeUnknownError,
  PATIENT_BOOKING_TYPES,
  refused,
  type Booking,
  type Identity,
  type Outcome,
  type Patient,
} from '@opd/contracts';
import type { IdempotencyKeys } from '../idempotency';
import type { Ids } from '../ids';
import { notFound } from '../refusals';
import type { Arrival } from '../rounds/seat-request';
import type { SeatRounds } from '../rounds/seat-rounds';
import { bookingView } from '../views';
import { outcomeOfAnswer } from './seat-outcome';
import type { SlotReads } from '../store/slot-reads';

/** A booking that is asked for, by the patient or for one. */
export interface BookSlotCommand {
  readonly slotId: string;
  readonly type: BookingType;
  /** Exactly one of the two: a patient who is known, or a person who may be new. */
  readonly patientId?: string | undefined;
  readonly patient?: { readonly name: string; readonly phone: string } | undefined;
  readonly by: Identity;
  readonly idempotencyKey?: string | undefined;
  readonly arrival: Arrival;
}

/** A booking, and whether an earlier request with the same key had made it. */
export interface BookedSlot {
  readonly booking: Booking;
  readonly isReplay: boolean;
}

/** Books a seat of a slot. */
export class BookSlot {
  readonly #rounds: SeatRounds;
  readonly #reads: SlotReads;
  readonly #patients: PatientDirectory;
  readonly #keys: IdempotencyKeys;
  readonly #ids: Ids;

  constructor(parts: {
    rounds: SeatRounds;
    reads: SlotReads;
    patients: PatientDirectory;
    keys: IdempotencyKeys;
    ids: Ids;
  }) {
    this.#rounds = parts.rounds;
    this.#reads = parts.reads;
    this.#patients = parts.patients;
    this.#keys = parts.keys;
    this.#ids = parts.ids;
  }

  /**
   * Answers within 2.5 s of the arrival with the booking or the reason there is none. The seat is
   * decided in a round: see `rounds/round.ts`, and `decide` of the capacity core for the rule.
   */
  async execute(command: BookSlotCommand): Promise<Outcome<BookedSlot>> {
    if (!mayBook(command.by, command.type)) return typeNotAllowed(command.type);

    const patient = await this.#patientOf(command);
    if (!patient) return notFound('patient');

    const answer = await this.#rounds.ask(this.#wishOf(command, patient), command.arrival);
    if (answer.outcome === 'REPLAYED') {
      const found = await this.#reads.booking(answer.bookingId).catch((cause: unknown) => {
        throw new OutcomeUnknownError('The booking is there, but could not be read', { cause });
      });
      if (!found) return notFound('booking');
      return ok({ booking: bookingView(found, patient.name), isReplay: true });
    }
    return outcomeOfAnswer(answer, (seat) => ({
      booking: bookingView(seat, patient.name),
      isReplay: false,
    }));
  }

  async #patientOf({ patientId, patient }: BookSlotCommand): Promise<Patient | undefined> {
    if (patientId !== undefined) return this.#patients.byId(patientId);
    return patient && this.#patients.findOrAdd(patient);
  }

  #wishOf(command: BookSlotCommand, patient: Patient) {
    const { by, slotId, type, idempotencyKey } = command;
    return {
      kind: 'BOOK' as const,
      bookingId: this.#ids.bookingId(),
      requestId: this.#ids.requestId(),
      slotId,
      type,
      patientId: patient.patientId,
      by: { userId: by.userId, role: by.role },
      ...(idempotencyKey !== undefined && {
        idempotencyKey: this.#keys.hash(by.userId, idempotencyKey),
      }),
    };
  }
}

function mayBook(by: Identity, type: BookingType): boolean {
  return by.role !== 'PATIENT' || (PATIENT_BOOKING_TYPES as readonly BookingType[]).includes(type);
}

function typeNotAllowed(type: BookingType): Outcome<never> {
  return refused({
    code: 'TYPE_NOT_ALLOWED',
    detail: `${type} is booked at the front desk; a patient may book ${PATIENT_BOOKING_TYPES.join(', ')}.`,
    extensions: { bookingType: type, allowedTypes: PATIENT_BOOKING_TYPES },
  });
}
