// Who may do what.
export { isAllowed, PERMISSIONS_OF } from './permissions';
// Who asks.
export { AccessTokens, Authenticator, TOKEN_LIFETIME_SECONDS, type IssuedToken } from './tokens';
// Patients and their sign-in.
export { nameKeyOf, PatientDirectory } from './patients';
export { SendCode, type SendCodeSettings } from './send-code';
export { SignInPatient, type SignInPatientParts } from './sign-in-patient';
export { OneTimeCodes, type CodeTry } from './one-time-codes';
export { WebhookDelivery, type CodeDelivery, type CodeMessage } from './code-delivery';
// The staff and its sign-in.
export {
  STAFF_ROLES,
  StaffAccounts,
  type NewStaffMember,
  type StaffMember,
  type StaffRole,
} from './staff-accounts';
export { SignInStaff, type SignInStaffParts } from './sign-in-staff';
export { PasswordChecks } from './password-checks';
export { SignInAttempts, type AttemptLimit } from './sign-in-attempts';
// What an application wires, and what its database needs.
export { AuthModule, type AuthSettings } from './auth.module';
export { authMigrations, type Migration } from './schema';
