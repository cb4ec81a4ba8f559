import { ClinicController, hostApi, type Replacements } from '@opd/host';
import type { Settings } from '@opd/platform';
import { Logger } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { BookingsController } from './bookings.controller';
import { SignInController } from './sign-in.controller';

/** The patients' API, ready to listen: sign in with a code, find a slot, book, cancel. */
export async function createPatientApi(
  settings: Settings,
  replace?: Replacements,
): Promise<NestFastifyApplication> {
  const controllers = [SignInController, ClinicController, BookingsController];
  const app = await hostApi({ name: 'patient-api', controllers, settings, replace });
  if (!settings.isDemo && !settings.otpWebhook)
    new Logger('SignIn').warn('No patient can sign in: set OTP_WEBHOOK_URL to deliver codes');
  return app;
}
