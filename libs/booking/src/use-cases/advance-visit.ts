import type { PatientDirectory } from '@opd/auth';
import { ok, type Booking, type Outcome } from '@opd/contracts';
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
      case 'DONE': {
        const { patientId } = result.booking;
        const patients = await this.#patients.byIds([patientId]);
        return ok(bookingView(result, patients.get(patientId)?.name ?? ''));
      }
    }
  }
}
