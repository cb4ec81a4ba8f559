import type { Doctor } from '@opd/contracts';
import type { mongo } from 'mongoose';
import type { Clock } from '../clock';
import type { DoctorDocument } from './doctor-document';
import { WRITE_CONCERN } from './mongo-round-store';
import { DUPLICATE_KEY, isRefusedForGood, reading, writing } from './store-faults';

/** The doctors of the clinic. Reads may throw StoreUnavailableError. */
export class DoctorStore {
  readonly #doctors: mongo.Collection<DoctorDocument>;
  readonly #clock: Clock;

  constructor(doctors: mongo.Collection<DoctorDocument>, clock: Clock) {
    this.#doctors = doctors;
    this.#clock = clock;
  }

  /**
   * Adds a doctor; false if the id is taken.
   * @throws StoreUnavailableError, OutcomeUnknownError
   */
  async add(doctor: Doctor): Promise<boolean> {
    const { doctorId, ...rest } = doctor;
    const document = { _id: doctorId, ...rest, createdAt: new Date(this.#clock.nowMs()) };
    try {
      await writing(
        this.#clock,
        this.#doctors.insertOne(document, { writeConcern: WRITE_CONCERN }),
      );
      return true;
    } catch (error) {
      if (isRefusedForGood(error) && (error as mongo.MongoServerError).code === DUPLICATE_KEY)
        return false;
      throw error;
    }
  }

  async has(doctorId: string): Promise<boolean> {
    const count = this.#doctors.countDocuments({ _id: doctorId }, { limit: 1 });
    return (await reading(this.#clock, count)) > 0;
  }

  /** Doctors by id, `atMost` after the given one. */
  async list(atMost: number, after?: string): Promise<Doctor[]> {
    const found = this.#doctors
      .find(after === undefined ? {} : { _id: { $gt: after } })
      .sort({ _id: 1 })
      .limit(atMost);
    const doctors = await reading(this.#clock, found.toArray());
    return doctors.map(({ _id, name, specialty, room }) => ({
      doctorId: _id,
      name,
      specialty,
      ...(room !== undefined && { room }),
    }));
  }
}
