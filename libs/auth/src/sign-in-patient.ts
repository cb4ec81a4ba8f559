import {
  ok,
  refused,
  type Outcome,
  type Patient,
  type PatientSignInReply,
  type PatientSignInRequest,
} from '@opd/contracts';
import type { OneTimeCodes } from './one-time-codes';
import type { PatientDirectory } from './patients';
import type { AttemptLimit, SignInAttempts } from './sign-in-attempts';
import type { AccessTokens } from './tokens';

/**
 * Tries of one phone over all its codes: without it, new codes would give new tries for ever. A right
 * code clears the count.
 */
export const CODE_TRY_LIMIT: AttemptLimit = {
  kind: 'code-try',
  attempts: 15,
  windowSeconds: 3_600,
};

/** What a patient's sign-in rests on. */
export interface SignInPatientParts {
  readonly codes: OneTimeCodes;
  readonly attempts: SignInAttempts;
  readonly patients: PatientDirectory;
  readonly tokens: AccessTokens;
}

/** Signs a patient in with the one-time code of his phone. */
export class SignInPatient {
  constructor(private readonly parts: SignInPatientParts) {}

  /**
   * With a name: the patient of that phone and name, registered if new. Without: the earliest
   * registered of that phone. A code signs in once.
   *
   * @returns INVALID_CREDENTIALS, in one text, for a wrong, expired, used or never sent code;
   * RATE_LIMITED after too many tries of the phone; VALIDATION_FAILED when the phone is new and no
   * name was given: the code was right and stays good, less one try.
   */
  async execute(request: PatientSignInRequest): Promise<Outcome<PatientSignInReply>> {
    const { codes, attempts, tokens } = this.parts;
    const codeTry = await codes.takeTry(request.phone);
    if (codeTry === undefined) return wrongCode();
    const counted = await attempts.count(CODE_TRY_LIMIT, request.phone);
    if (!counted.ok) return counted;
    if (!codeTry.matches(request.code)) return wrongCode();
    await attempts.clear(CODE_TRY_LIMIT, request.phone);
    const patient = await this.patientOf(request);
    if (patient === undefined) return nameNeeded();
    // Used up last: if the store fails before, the same code can be tried again.
    if (!(await codeTry.consume())) return wrongCode();
    const issued = await tokens.issue({ userId: patient.patientId, role: 'PATIENT' });
    return ok({ ...issued, patient });
  }

  private async patientOf({ phone, name }: PatientSignInRequest): Promise<Patient | undefined> {
    const { patients } = this.parts;
    return name === undefined ? patients.firstOf(phone) : patients.findOrAdd({ name, phone });
  }
}

function wrongCode(): Outcome<never> {
  return refused({
    code: 'INVALID_CREDENTIALS',
    detail: 'The code is wrong, expired or used. Check it, or ask for a new one.',
  });
}

function nameNeeded(): Outcome<never> {
  const message = 'is needed the first time a phone signs in';
  return refused({
    code: 'VALIDATION_FAILED',
    detail: `name ${message}.`,
    extensions: { errors: [{ path: 'name', message }] },
  });
}
