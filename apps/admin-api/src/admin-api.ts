import { ClinicController, hostApi, StaffSignInController, type Replacements } from '@opd/host';
import type { Settings } from '@opd/platform';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { DoctorsController } from './doctors.controller';
import { SlotsController } from './slots.controller';

/** The administrators' API, ready to listen: doctors, slots, capacity and delays. */
export function createAdminApi(
  settings: Settings,
  replace?: Replacements,
): Promise<NestFastifyApplication> {
  const controllers = [StaffSignInController, ClinicController, DoctorsController, SlotsController];
  return hostApi({ name: 'admin-api', controllers, settings, replace });
}
