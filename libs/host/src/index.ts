export { hostApi, type HostedApi, type Replacements } from './host-api';
export { ClinicController } from './clinic.controller';
export { StaffSignInController } from './staff-sign-in.controller';
export { PageQuery, PatientsQuery, SlotsQuery } from './queries';
export { BookingHeaders, bookingReply } from './booking-headers';
