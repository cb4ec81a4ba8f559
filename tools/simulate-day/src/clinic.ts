import { PatientSignInReply, SendCodeReply, StaffSignInReply } from '@opd/contracts';
import { type z } from 'zod';
import { ApiClient, type ApiAnswer, type RetryTally } from './api-client';
import { type SimulatedPatient } from './patients';
import { Session, type SignedIn } from './session';

/** Where the three APIs listen, as in `http://127.0.0.1:3001`. */
export interface ClinicAddresses {
  readonly patientApi: string;
  readonly deskApi: string;
  readonly adminApi: string;
}

/** The day cannot be played, or not to its end; the message says why and what to do. */
export class ClinicError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'ClinicError';
  }
}

/** The staff of the demo clinic. Codes for patients are only told in the demo, so that is what is played against. */
const DESK_USER = { username: 'desk', password: 'desk-demo' };
const ADMIN_USER = { username: 'admin', password: 'admin-demo' };

/** Codes that one patient asks for at most, to sign in once. */
const MAX_CODES = 3;

/** Reads the addresses from the variables that the APIs themselves listen to. */
export function clinicAddresses(
  env: Readonly<Record<string, string | undefined>>,
): ClinicAddresses {
  // An API that listens on every address is reached on this machine's own.
  const host = !env['HOST'] || env['HOST'] === '0.0.0.0' ? '127.0.0.1' : env['HOST'];
  const at = (port: string | undefined, byDefault: number) => `http://${host}:${port || byDefault}`;
  return {
    patientApi: at(env['PATIENT_API_PORT'], 3001),
    deskApi: at(env['DESK_API_PORT'], 3002),
    adminApi: at(env['ADMIN_API_PORT'], 3003),
  };
}

/** The running clinic: its three APIs, and who is signed in to them. */
export class Clinic {
  readonly patientApi: ApiClient;
  readonly deskApi: ApiClient;
  readonly adminApi: ApiClient;
  readonly desk: Session;
  readonly admin: Session;
  private readonly patients = new Map<string, Session>();

  constructor(
    addresses: ClinicAddresses,
    readonly tally: RetryTally,
  ) {
    this.patientApi = new ApiClient('patient-api', addresses.patientApi, tally);
    this.deskApi = new ApiClient('desk-api', addresses.deskApi, tally);
    this.adminApi = new ApiClient('admin-api', addresses.adminApi, tally);
    this.desk = new Session(() => this.signInStaff(this.deskApi, DESK_USER));
    this.admin = new Session(() => this.signInStaff(this.adminApi, ADMIN_USER));
  }

  /** Makes sure that all three APIs are ready and let the staff in. */
  async enter(): Promise<void> {
    for (const api of this.apis) {
      const answer = await api.ask({ method: 'GET', path: '/health/ready', maxTries: 3 });
      if (answer.status !== 200)
        throw new ClinicError(
          `${api.name} is not ready at ${api.address}: ${describe(answer)}. Start the clinic with "npm start", or name its ports by HOST, PATIENT_API_PORT, DESK_API_PORT and ADMIN_API_PORT.`,
        );
    }
    await this.desk.token();
    await this.admin.token();
  }

  /** All three APIs. */
  get apis(): readonly ApiClient[] {
    return [this.patientApi, this.deskApi, this.adminApi];
  }

  /** The session of a patient; he signs in with a one-time code when it is first used. */
  patient(patient: SimulatedPatient): Session {
    const key = `${patient.phone} ${patient.name}`;
    let session = this.patients.get(key);
    if (!session) {
      session = new Session(() => this.signInPatient(patient));
      this.patients.set(key, session);
    }
    return session;
  }

  private async signInStaff(api: ApiClient, body: typeof DESK_USER): Promise<SignedIn> {
    const answer = await api.ask({ method: 'POST', path: '/v1/auth/sign-in', body });
    if (answer.code === 'INVALID_CREDENTIALS')
      throw new ClinicError(
        `${api.name} does not know the demo user "${body.username}". A day is played against the demo clinic: "npm start" without MONGODB_URI, or OPD_DEMO=true.`,
      );
    return expectAnswer(api, answer, { status: 200, shape: StaffSignInReply });
  }

  private async signInPatient(patient: SimulatedPatient): Promise<SignedIn> {
    const api = this.patientApi;
    for (let codes = 1; ; codes++) {
      const code = await this.askForCode(patient);
      const body = { ...patient, code };
      const answer = await api.ask({ method: 'POST', path: '/v1/auth/sign-in', body });
      // A code serves once, and a later one ends it: where an answer was lost, another is needed.
      if (answer.code !== 'INVALID_CREDENTIALS' || codes === MAX_CODES)
        return expectAnswer(api, answer, { status: 200, shape: PatientSignInReply });
    }
  }

  private async askForCode({ phone }: SimulatedPatient): Promise<string> {
    const api = this.patientApi;
    const answer = await api.ask({ method: 'POST', path: '/v1/auth/otp', body: { phone } });
    const { demoCode } = expectAnswer(api, answer, { status: 202, shape: SendCodeReply });
    if (demoCode !== undefined) return demoCode;
    throw new ClinicError(
      'patient-api does not tell the one-time code. A day is played against the demo clinic: "npm start" without MONGODB_URI, or OPD_DEMO=true.',
    );
  }
}

/**
 * The body of an answer that must be a certain success.
 * @throws ClinicError when it is not, or has not the shape that the contract gives it.
 */
export function expectAnswer<T extends z.ZodType>(
  api: ApiClient,
  answer: ApiAnswer,
  expected: { readonly status: number; readonly shape: T },
): z.infer<T> {
  if (answer.status !== expected.status)
    throw new ClinicError(
      `${api.name} answered ${describe(answer)} where ${expected.status} was expected.`,
    );
  const body = expected.shape.safeParse(answer.body);
  if (!body.success)
    throw new ClinicError(
      `${api.name} answered ${answer.status} with a body against the contract: ${body.error.issues
        .map((issue) => `${issue.path.join('.')} ${issue.message}`)
        .join('; ')}.`,
    );
  return body.data;
}

/** Status, code and detail of an answer; the APIs put nothing personal into a detail. */
export function describe({ status, code, body }: ApiAnswer): string {
  if (status === undefined) return 'nothing';
  const detail = (body as { detail?: unknown } | null | undefined)?.detail;
  return [String(status), code, typeof detail === 'string' ? `(${detail})` : undefined]
    .filter((part) => part !== undefined)
    .join(' ');
}
