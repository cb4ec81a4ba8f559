import { ClinicController, hostApi, StaffSignInController, type Replacements } from '@opd/host';
import type { Settings } from '@opd/platform';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { BookingsController } from './bookings.controller';
import { PatientsController } from './patients.controller';

/** The front desk's API, ready to listen: every booking type, the register, the steps of a visit. */
export function createDeskApi(
  settings: Settings,
  replace?: Replacements,
): Promise<NestFastifyApplication> {
  const controllers = [
    StaffSignInController,
    ClinicController,
    PatientsController,
    BookingsController,
  ];
  return hostApi({ name: 'desk-api', controllers, settings, replace });
}
