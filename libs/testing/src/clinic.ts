import { randomBytes } from 'node:crypto';
import {
  Booking,
  Doctor,
  PatientSignInReply,
  SendCodeReply,
  Slot,
  StaffSignInReply,
  type OpenSlotRequest,
  type Patient,
} from '@opd/contracts';
import mongoose from 'mongoose';
import { ApiClient, type ApiReply } from './api-client';
import { testMongoUri, testRedisUrl } from './servers';

/** The addresses of the three APIs. */
export interface ClinicAddresses {
  readonly patient: string;
  readonly desk: string;
  readonly admin: string;
}

/** A patient who is signed in. */
export interface SignedInPatient extends Patient {
  readonly api: ApiClient;
}

/** An API that was put together and does not listen yet. */
export interface ApiApp {
  listen(port: number, host: string): Promise<unknown>;
  getUrl(): Promise<string>;
  close(): Promise<void>;
}

/** How the three APIs are put together, each from the settings of the process. */
export interface ClinicApps<Settings> {
  readonly patient: (settings: Settings) => Promise<ApiApp>;
  readonly desk: (settings: Settings) => Promise<ApiApp>;
  readonly admin: (settings: Settings) => Promise<ApiApp>;
}

/**
 * The environment of a demo clinic on the run's servers, with a database of its own at each call
 * and no rate limits. In its time zone it is between twelve and one o'clock now, so that a day has
 * slots that are over and slots that are ahead.
 */
export function clinicEnv(overrides: Record<string, string> = {}): Record<string, string> {
  return {
    MONGODB_URI: testMongoUri(),
    REDIS_URLS: testRedisUrl(),
    TOKEN_SIGNING_KEY: 'k'.repeat(32),
    OPD_DEMO: 'true',
    CLINIC_TIME_ZONE: zoneAtNoon(new Date()),
    RATE_LIMIT_PER_MINUTE: '0',
    LOG_LEVEL: 'error',
    ...overrides,
  };
}

// In these names of the IANA, west has the plus sign.
function zoneAtNoon(now: Date): string {
  const eastHours = 12 - now.getUTCHours();
  return `Etc/GMT${eastHours > 0 ? '-' : '+'}${Math.abs(eastHours)}`;
}

const SIGN_INS_AT_A_TIME = 10;
const SETUP_TRIES = 5;

/** On a crowded machine a step of the set-up may meet a time limit: it is done again. */
async function persistently<T>(step: () => Promise<T>): Promise<T> {
  for (let left = SETUP_TRIES - 1; left > 0; left -= 1) {
    try {
      return await step();
    } catch {
      // The last try tells what is wrong.
    }
  }
  return step();
}

/** A clinic in use: its three APIs, their staff signed in, and its raw database. */
export class Clinic {
  /** Nobody in particular, at each API. */
  readonly visitors: Readonly<Record<keyof ClinicAddresses, ApiClient>>;
  readonly timeZone: string;
  readonly #client: mongoose.mongo.MongoClient;
  #apps: readonly ApiApp[] = [];
  #staff: { readonly desk: ApiClient; readonly admin: ApiClient } | undefined;
  #people = 0;

  private constructor(addresses: ClinicAddresses, env: Record<string, string>) {
    this.visitors = {
      patient: new ApiClient(addresses.patient),
      desk: new ApiClient(addresses.desk),
      admin: new ApiClient(addresses.admin),
    };
    this.timeZone = env['CLINIC_TIME_ZONE'] ?? '';
    this.#client = new mongoose.mongo.MongoClient(env['MONGODB_URI'] ?? '');
  }

  /** Comes to APIs that listen already, made with this environment. */
  static async at(addresses: ClinicAddresses, env: Record<string, string>): Promise<Clinic> {
    const clinic = new Clinic(addresses, env);
    const [desk, admin] = await Promise.all([
      clinic.#signInStaff('desk', 'desk-demo'),
      clinic.#signInStaff('admin', 'admin-demo'),
    ]);
    clinic.#staff = { desk, admin };
    return clinic;
  }

  /** Starts the three APIs in this process, on free ports. `close` ends them. */
  static async start<Settings>(
    { patient, desk, admin }: ClinicApps<Settings>,
    settings: Settings,
    env: Record<string, string>,
  ): Promise<Clinic> {
    // The administrators' API furnishes the demo; the others find it done.
    const apps = [await admin(settings), await patient(settings), await desk(settings)];
    await Promise.all(apps.map((app) => app.listen(0, '127.0.0.1')));
    const [adminUrl = '', patientUrl = '', deskUrl = ''] = await Promise.all(
      apps.map((app) => app.getUrl()),
    );
    const addresses = { patient: patientUrl, desk: deskUrl, admin: adminUrl };
    const clinic = await Clinic.at(addresses, env);
    clinic.#apps = apps;
    return clinic;
  }

  async close(): Promise<void> {
    await Promise.all(this.#apps.map((app) => app.close()));
    await this.#client.close();
  }

  /** The desk, signed in. */
  get desk(): ApiClient {
    return this.#signedIn().desk;
  }

  /** An administrator, signed in. */
  get admin(): ApiClient {
    return this.#signedIn().admin;
  }

  /** The documents themselves. */
  get db(): mongoose.mongo.Db {
    return this.#client.db();
  }

  /** A calendar day of the clinic, `YYYY-MM-DD`: today, or so many days later. */
  day(later = 0): string {
    const at = Date.now() + later * 86_400_000;
    return new Intl.DateTimeFormat('en-CA', { timeZone: this.timeZone }).format(at);
  }

  /** Somebody whom the clinic does not know yet. */
  newPerson(): { readonly name: string; readonly phone: string } {
    this.#people += 1;
    const number = String(this.#people).padStart(5, '0');
    return { name: `Patient ${number}`, phone: `+9190000${number}` };
  }

  /** Signs a new patient in, with the code that the demo shows. */
  newPatient(person = this.newPerson()): Promise<SignedInPatient> {
    return persistently(() => this.#signInPatient(person));
  }

  async #signInPatient(person: { name: string; phone: string }): Promise<SignedInPatient> {
    const { patient: api } = this.visitors;
    const sent = await api.post('/v1/auth/otp', { phone: person.phone });
    const { demoCode: code } = sent.read(202, SendCodeReply);
    const signedIn = await api.post('/v1/auth/sign-in', { ...person, code });
    const { accessToken, patient } = signedIn.read(200, PatientSignInReply);
    return { ...patient, api: api.as(accessToken) };
  }

  /** Signs many new patients in, some at a time: it is not they who are to be tested. */
  async newPatients(count: number): Promise<SignedInPatient[]> {
    const patients: SignedInPatient[] = [];
    while (patients.length < count) {
      const some = Math.min(SIGN_INS_AT_A_TIME, count - patients.length);
      const signIns = Array.from({ length: some }, () => this.newPatient());
      patients.push(...(await Promise.all(signIns)));
    }
    return patients;
  }

  /** Adds a doctor with a name that no other suite has: the locks of all lie in one Redis. */
  newDoctor(): Promise<string> {
    return persistently(async () => {
      const doctorId = `doctor-${randomBytes(6).toString('hex')}`;
      const doctor = { doctorId, name: 'Test Doctor', specialty: 'Tests' };
      (await this.admin.post('/v1/doctors', doctor)).read(201, Doctor);
      return doctorId;
    });
  }

  /** Opens a slot: tomorrow at nine, of a doctor of its own, with the usual capacity. */
  async openSlot(wish: Partial<OpenSlotRequest> = {}): Promise<Slot> {
    const doctorId = wish.doctorId ?? (await this.newDoctor());
    const times = { date: this.day(1), start: '09:00', end: '10:00' };
    const body = { ...times, ...wish, doctorId };
    return persistently(async () => {
      const opened = await this.admin.post('/v1/slots', body);
      // A try before this one was not answered in time, and had worked.
      const slotId = `${doctorId}_${body.date}_${body.start.replace(':', '')}`;
      return opened.code === 'ALREADY_EXISTS' ? this.slot(slotId) : opened.read(201, Slot);
    });
  }

  /** Asks the desk to book, for somebody new unless told. */
  bookAtDesk(slotId: string, type: string, patient = this.newPerson()): Promise<ApiReply> {
    return this.desk.post('/v1/bookings', { slotId, type, patient });
  }

  /** Books seats at the desk, one after the other. @throws AssertionError if one is refused. */
  async fill(slotId: string, ...types: string[]): Promise<Booking[]> {
    const bookings: Booking[] = [];
    for (const type of types)
      bookings.push((await this.bookAtDesk(slotId, type)).read(201, Booking));
    return bookings;
  }

  /** The slot as the desk sees it. */
  async slot(slotId: string): Promise<Slot> {
    return (await this.desk.get(`/v1/slots/${slotId}`)).read(200, Slot);
  }

  async #signInStaff(username: 'desk' | 'admin', password: string): Promise<ApiClient> {
    const api = this.visitors[username];
    const reply = await api.post('/v1/auth/sign-in', { username, password });
    return api.as(reply.read(200, StaffSignInReply).accessToken);
  }

  #signedIn() {
    if (!this.#staff) throw new Error('The staff has not signed in yet');
    return this.#staff;
  }
}
