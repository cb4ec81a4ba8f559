import { ok, refused, type Doctor, type Outcome, type Page } from '@opd/contracts';
import { pageOf } from '../paging';
import type { DoctorStore } from '../store/doctor-store';

/** The clinic's list of doctors. */
export class KeepDoctors {
  readonly #doctors: DoctorStore;

  constructor(doctors: DoctorStore) {
    this.#doctors = doctors;
  }

  /** Adds a doctor under an id that is not taken. */
  async add(doctor: Doctor): Promise<Outcome<Doctor>> {
    if (await this.#doctors.add(doctor)) return ok(doctor);
    return refused({
      code: 'ALREADY_EXISTS',
      detail: `The id ${doctor.doctorId} is taken; choose another one.`,
    });
  }

  /** The doctors by id. A cursor is the id of the page's last doctor. */
  async list(limit: number, cursor?: string): Promise<Outcome<Page<Doctor>>> {
    const doctors = await this.#doctors.list(limit + 1, cursor);
    return ok(pageOf(doctors, limit, (last) => last.doctorId));
  }
}
