/** Name of the collection that holds the doctors. */
export const DOCTORS = 'doctors';

/** Name of the collection that holds a doctor's days while slots are opened. */
export const DOCTOR_DAYS = 'doctor_days';

/** A doctor. */
export interface DoctorDocument {
  _id: string;
  name: string;
  specialty: string;
  room?: string;
  createdAt: Date;
}

/**
 * One day of one doctor: touched by every transaction that opens slots on it, so that two of them
 * cannot both find the same hour free.
 */
export interface DoctorDayDocument {
  _id: string;
  changes: number;
}
