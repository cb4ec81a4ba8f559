import { Module, type DynamicModule, type Provider } from '@nestjs/common';
import { getConnectionToken } from '@nestjs/mongoose';
import type { Connection } from 'mongoose';
import { WebhookDelivery, type CodeDelivery } from './code-delivery';
import { OneTimeCodes } from './one-time-codes';
import { PasswordChecks } from './password-checks';
import { PatientDirectory } from './patients';
import { SendCode, type SendCodeSettings } from './send-code';
import { SignInAttempts } from './sign-in-attempts';
import { SignInPatient } from './sign-in-patient';
import { SignInStaff } from './sign-in-staff';
import { StaffAccounts } from './staff-accounts';
import { AccessTokens, Authenticator } from './tokens';

/** What sign-in has to be told. */
export interface AuthSettings {
  /** The secret that all replicas share; at least 32 characters. */
  readonly tokenSigningKey: string;
  /** Whether this is the demo: the code is in the reply, the demo staff can sign in. */
  readonly isDemo: boolean;
  /** Where codes are handed to the SMS gateway. Without it, and without the demo, no code is sent. */
  readonly otpWebhook?: { readonly url: string; readonly secret: string };
}

/** Codes for one phone; in the demo one phone is many people's, and a code costs no SMS. */
const CODE_SENDS = { codeSendsPer10Minutes: 3, codeSendsPerDay: 10 };
const DEMO_CODE_SENDS = { codeSendsPer10Minutes: 60, codeSendsPerDay: 2_000 };

/** The settings of {@link SendCode} that follow from those of the process. */
export function sendCodeSettings(settings: AuthSettings): SendCodeSettings {
  const sends = settings.isDemo ? DEMO_CODE_SENDS : CODE_SENDS;
  return { ...sends, showsCode: settings.isDemo, delivery: deliveryOf(settings) };
}

function deliveryOf({ otpWebhook }: AuthSettings): CodeDelivery | undefined {
  return otpWebhook && new WebhookDelivery(otpWebhook.url, otpWebhook.secret);
}

/** Sign-in, tokens, roles and patients, on the application's Mongoose connection. */
@Module({})
export class AuthModule {
  /** @throws Error when the signing key is too short. */
  static forRoot(settings: AuthSettings): DynamicModule {
    const providers = [...partsOf(settings), ...useCasesOf(settings)];
    return { module: AuthModule, providers, exports: providers };
  }
}

function partsOf(settings: AuthSettings): Provider[] {
  const inject = [getConnectionToken()];
  const key = settings.tokenSigningKey;
  const tokens = new AccessTokens(key);
  return [
    { provide: AccessTokens, useValue: tokens },
    { provide: Authenticator, useValue: new Authenticator(tokens) },
    { provide: PasswordChecks, useFactory: () => new PasswordChecks() },
    { provide: PatientDirectory, inject, useFactory: (c: Connection) => new PatientDirectory(c) },
    { provide: SignInAttempts, inject, useFactory: (c: Connection) => new SignInAttempts(c, key) },
    { provide: OneTimeCodes, inject, useFactory: (c: Connection) => new OneTimeCodes(c, key) },
    {
      provide: StaffAccounts,
      inject,
      useFactory: (c: Connection) => new StaffAccounts(c, settings),
    },
  ];
}

function useCasesOf(settings: AuthSettings): Provider[] {
  return [
    {
      provide: SendCode,
      inject: [OneTimeCodes, SignInAttempts],
      useFactory: (codes: OneTimeCodes, attempts: SignInAttempts) =>
        new SendCode(codes, attempts, sendCodeSettings(settings)),
    },
    {
      provide: SignInPatient,
      inject: [OneTimeCodes, SignInAttempts, PatientDirectory, AccessTokens],
      useFactory: (
        ...[codes, attempts, patients, tokens]: [
          OneTimeCodes,
          SignInAttempts,
          PatientDirectory,
          AccessTokens,
        ]
      ) => new SignInPatient({ codes, attempts, patients, tokens }),
    },
    {
      provide: SignInStaff,
      inject: [StaffAccounts, SignInAttempts, PasswordChecks, AccessTokens],
      useFactory: (
        ...[accounts, attempts, checks, tokens]: [
          StaffAccounts,
          SignInAttempts,
          PasswordChecks,
          AccessTokens,
        ]
      ) => new SignInStaff({ accounts, attempts, checks, tokens }),
    },
  ];
}
