import type { PatientDirectory } from '@opd/auth';
import { ok, OutcomeUnknownError, type Booking, type Outcome } from '@opd/contracts';
import { invalidTransition, notFound } from '../refusals';
import type { VisitStep, VisitSteps } from '../store/visit-steps';
import { bookingView } from '../views';

/**
 * Takes a booking one step further: check-in, start, complete, cancel or no-show. Works without
 * the lock service. Asking for the status a booking has already changes nothing.
 */
export class AdvanceVisit {
  readonly #steps: VisitSteps;
  readonly #patients: PatientDirectory;

  constructor(steps: VisitSteps, patients: PatientDirectory) {
    this.#steps = steps;
    this.#patients = patients;
  }

  /** @param step with `patientId` it is taken only if the booking is this patient's. */
  async execute(step: VisitStep): Promise<Outcome<Booking>> {
    const result = await this.#steps.take(step);
    switch (result.outcome) {
      case 'NOT_FOUND':
        return notFound('booking');
      case 'INVALID_TRANSITION':
        return invalidTransition(result.from, step.to);
      case 'DONE':
        return ok(bookingView(result, await this.#nameOf(result.booking.patientId)));
    }
  }

  /** The step is taken by now, so a fault here must not sound as if nothing had happened. */
  async #nameOf(patientId: string): Promise<string> {
    try {
      const patients = await this.#patients.byIds([patientId]);
      return patients.get(patientId)?.name ?? '';
    } catch (cause) {
      throw new OutcomeUnknownError('The step was taken, but its patient not read', { cause });
    }
  }
}
