import { z } from 'zod';
import { OpaqueId, page, PersonName, Phone } from './fields';

/** Who may be signed in. */
export const ROLES = ['PATIENT', 'DESK', 'ADMIN'] as const;
export type Role = (typeof ROLES)[number];

/**
 * What may be done; `own` means: to what belongs to the signed-in patient. Which role has which
 * permission stands in the table of `libs/auth`.
 */
export const PERMISSIONS = [
  'doctors:read',
  'slots:read',
  'own-bookings:create',
  'own-bookings:read',
  'own-bookings:cancel',
  'bookings:create',
  'bookings:read',
  'bookings:cancel',
  'bookings:serve',
  'patients:read',
  'doctors:manage',
  'slots:manage',
] as const;
export type Permission = (typeof PERMISSIONS)[number];

/** Who asks, as the token says. For a patient `userId` is the patient id. */
export interface Identity {
  readonly userId: string;
  readonly role: Role;
}

/** A patient as he sees himself, and as the desk finds him. */
export const Patient = z
  .object({ patientId: OpaqueId, name: z.string(), phone: z.string() })
  .meta({ id: 'Patient' });
export type Patient = z.infer<typeof Patient>;

/** A page of patients, as the desk finds them. */
export const PatientPage = page(Patient).meta({ id: 'PatientPage' });

/** Asks for a one-time code. */
export const SendCodeRequest = z.strictObject({ phone: Phone }).meta({ id: 'SendCodeRequest' });
export type SendCodeRequest = z.infer<typeof SendCodeRequest>;

/** `demoCode` is there in the demo only. */
export const SendCodeReply = z
  .object({ expiresInSeconds: z.int(), demoCode: z.string().optional() })
  .meta({ id: 'SendCodeReply' });
export type SendCodeReply = z.infer<typeof SendCodeReply>;

/** `name` is needed the first time a phone signs in; another name is a member of that family. */
export const PatientSignInRequest = z
  .strictObject({
    phone: Phone,
    code: z.string().regex(/^\d{6}$/, 'must be the 6 digits that were sent'),
    name: PersonName.optional(),
  })
  .meta({ id: 'PatientSignInRequest' });
export type PatientSignInRequest = z.infer<typeof PatientSignInRequest>;

/** A signed-in patient: the token for `Authorization: Bearer`, and who he is. */
export const PatientSignInReply = z
  .object({ accessToken: z.string(), expiresInSeconds: z.int(), patient: Patient })
  .meta({ id: 'PatientSignInReply' });
export type PatientSignInReply = z.infer<typeof PatientSignInReply>;

/** Signs in somebody of the desk or the administration. */
export const StaffSignInRequest = z
  .strictObject({
    username: z.string().min(1, 'must not be empty').max(100, 'must have at most 100 characters'),
    password: z.string().min(1, 'must not be empty').max(200, 'must have at most 200 characters'),
  })
  .meta({ id: 'StaffSignInRequest' });
export type StaffSignInRequest = z.infer<typeof StaffSignInRequest>;

/** A signed-in member of staff: the token for `Authorization: Bearer`, and who it is. */
export const StaffSignInReply = z
  .object({
    accessToken: z.string(),
    expiresInSeconds: z.int(),
    user: z.object({ userId: z.string(), role: z.enum(ROLES), name: z.string() }),
  })
  .meta({ id: 'StaffSignInReply' });
export type StaffSignInReply = z.infer<typeof StaffSignInReply>;
