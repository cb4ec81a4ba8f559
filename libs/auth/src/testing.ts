import { createConnection, type Connection } from 'mongoose';
import { OneTimeCodes } from './one-time-codes';
import { PatientDirectory } from './patients';
import { authMigrations } from './schema';
import { SignInAttempts } from './sign-in-attempts';
import { AccessTokens } from './tokens';

/** A signing key for specs. */
export const SPEC_SIGNING_KEY = 'a signing key that only the specs have';

/** A database with the collections of sign-in, on a connection set up as the applications set theirs. */
export async function openDatabase(uri: string): Promise<Connection> {
  const connection = await createConnection(uri, {
    autoIndex: false,
    autoCreate: false,
    readConcern: { level: 'majority' },
    writeConcern: { w: 'majority' },
    maxPoolSize: 20,
  }).asPromise();
  connection.set('sanitizeFilter', true);
  for (const migration of authMigrations) await migration.up(connection.db!);
  return connection;
}

/** Drops the database and closes the connection. */
export async function closeDatabase(connection: Connection): Promise<void> {
  await connection.dropDatabase();
  await connection.close();
}

/** A clock that stands at the present until it is turned. */
export class TurnedClock {
  private ms = Date.now();
  readonly now = (): Date => new Date(this.ms);

  forwardSeconds(seconds: number): void {
    this.ms += seconds * 1_000;
  }
}

/** What a sign-in rests on, as one process has it. */
export function signInParts(connection: Connection, clock: TurnedClock) {
  return {
    codes: new OneTimeCodes(connection, SPEC_SIGNING_KEY, clock.now),
    attempts: new SignInAttempts(connection, SPEC_SIGNING_KEY, clock.now),
    patients: new PatientDirectory(connection, clock.now),
    tokens: new AccessTokens(SPEC_SIGNING_KEY, clock.now),
  };
}

let phonesGiven = 0;

/** A phone number that no other call got, so that each test has phones of its own. */
export function newPhone(): string {
  phonesGiven += 1;
  return `+9198${phonesGiven.toString().padStart(8, '0')}`;
}
