import { z } from 'zod';
import { DoctorId, page, PersonName } from './fields';

/** A doctor of the clinic. */
export const Doctor = z
  .object({
    doctorId: z.string(),
    name: z.string(),
    specialty: z.string(),
    room: z.string().optional(),
  })
  .meta({ id: 'Doctor' });
export type Doctor = z.infer<typeof Doctor>;

/** One page of the doctors of the clinic. */
export const DoctorPage = page(Doctor).meta({ id: 'DoctorPage' });

/** Adds a doctor under an id that nobody has yet. */
export const AddDoctorRequest = z
  .strictObject({
    doctorId: DoctorId,
    name: PersonName,
    specialty: PersonName,
    room: PersonName.optional(),
  })
  .meta({ id: 'AddDoctorRequest' });
export type AddDoctorRequest = z.infer<typeof AddDoctorRequest>;
