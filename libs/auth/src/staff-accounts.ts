import { randomBytes } from 'node:crypto';
import { ok, refused, type Outcome, type Role } from '@opd/contracts';
import type { Connection, Model } from 'mongoose';
import { systemClock, type Clock } from './clock';
import { hashPassword } from './password-checks';
import {
  documentSchema,
  isDuplicateKey,
  MAX_TIME_MS,
  modelOf,
  readStore,
  writeStore,
} from './store';

/** The roles that sign in with a password. */
export const STAFF_ROLES = ['DESK', 'ADMIN'] as const satisfies readonly Role[];
export type StaffRole = (typeof STAFF_ROLES)[number];

/** A member of the staff, without the password. */
export interface StaffMember {
  readonly userId: string;
  readonly role: StaffRole;
  readonly name: string;
}

/** Who gets an account. */
export interface NewStaffMember {
  /** 2 to 50 of a to z, 0 to 9, dot, hyphen, underscore; capitals count as small letters. */
  readonly username: string;
  /** 12 to 200 characters. */
  readonly password: string;
  readonly name: string;
  readonly role: StaffRole;
}

interface StaffDocument {
  _id: string;
  username: string;
  /** PHC string of argon2id. */
  passwordHash: string;
  role: StaffRole;
  name: string;
  active: boolean;
  /** Made for the demo, with a password that everybody knows: signs in nowhere else. */
  isDemo: boolean;
  createdAt: Date;
}

const STAFF_SCHEMA = documentSchema<StaffDocument>({
  username: { type: String, required: true },
  passwordHash: { type: String, required: true },
  role: { type: String, required: true },
  name: { type: String, required: true },
  active: { type: Boolean, required: true },
  isDemo: { type: Boolean, required: true },
  createdAt: { type: Date, required: true },
});

const DEMO_STAFF: readonly NewStaffMember[] = [
  { username: 'desk', password: 'desk-demo', name: 'Demo Desk', role: 'DESK' },
  { username: 'admin', password: 'admin-demo', name: 'Demo Administrator', role: 'ADMIN' },
];

/** The form in which user names are stored, compared and counted. */
export function usernameKeyOf(username: string): string {
  return username.normalize('NFKC').trim().toLowerCase();
}

/**
 * The accounts of the staff: the only code that knows the collection `staff`. While MongoDB
 * is away reads throw StoreUnavailableError, writes that or OutcomeUnknownError.
 */
export class StaffAccounts {
  private readonly staff: Model<StaffDocument>;

  constructor(
    connection: Connection,
    private readonly settings: { readonly isDemo: boolean },
    private readonly now: Clock = systemClock,
  ) {
    this.staff = modelOf(connection, 'staff', STAFF_SCHEMA);
  }

  /** Opens an account. @returns VALIDATION_FAILED, or ALREADY_EXISTS when the user name is taken. */
  async add(member: NewStaffMember): Promise<Outcome<StaffMember>> {
    const errors = errorsOf(member);
    if (errors.length > 0) {
      const detail = `${errors.map((each) => `${each.path} ${each.message}`).join('; ')}.`;
      return refused({ code: 'VALIDATION_FAILED', detail, extensions: { errors } });
    }
    try {
      return ok(await this.insert(member, false));
    } catch (error) {
      if (!isDuplicateKey(error)) throw error;
      return refused({ code: 'ALREADY_EXISTS', detail: 'This user name is taken.' });
    }
  }

  /**
   * Opens the accounts of the demo, `desk` / `desk-demo` and `admin` / `admin-demo`, where they are
   * missing. May run in many processes at once and at every start.
   *
   * @throws Error outside the demo.
   */
  async ensureDemoStaff(): Promise<void> {
    if (!this.settings.isDemo) throw new Error('Demo accounts belong in the demo only.');
    for (const member of DEMO_STAFF) {
      if ((await this.find(member.username)) !== null) continue;
      try {
        await this.insert(member, true);
      } catch (error) {
        if (!isDuplicateKey(error)) throw error;
      }
    }
  }

  /**
   * The account that may sign in under this name, with its password hash; `undefined` for an unknown
   * or closed one, and for a demo account outside the demo.
   */
  async signInRecord(
    username: string,
  ): Promise<{ member: StaffMember; passwordHash: string } | undefined> {
    const found = await this.find(usernameKeyOf(username));
    if (found === null || !found.active) return undefined;
    if (found.isDemo && !this.settings.isDemo) return undefined;
    return { member: asMember(found), passwordHash: found.passwordHash };
  }

  private async find(username: string): Promise<StaffDocument | null> {
    return readStore(() =>
      this.staff.findOne({ username }).maxTimeMS(MAX_TIME_MS).lean<StaffDocument>().exec(),
    );
  }

  private async insert(member: NewStaffMember, isDemo: boolean): Promise<StaffMember> {
    const document: StaffDocument = {
      _id: `st_${randomBytes(16).toString('base64url')}`,
      username: usernameKeyOf(member.username),
      passwordHash: await hashPassword(member.password),
      role: member.role,
      name: member.name.trim(),
      active: true,
      isDemo,
      createdAt: this.now(),
    };
    await writeStore(() => this.staff.insertMany([document], { lean: true }));
    return asMember(document);
  }
}

function asMember(stored: StaffDocument): StaffMember {
  return { userId: stored._id, role: stored.role, name: stored.name };
}

function errorsOf(member: NewStaffMember): { path: string; message: string }[] {
  const name = member.name.trim();
  const rules: [boolean, string, string][] = [
    [
      /^[a-z0-9._-]{2,50}$/.test(usernameKeyOf(member.username)),
      'username',
      'must be 2 to 50 characters of a to z, 0 to 9, dot, hyphen and underscore',
    ],
    [
      member.password.length >= 12 && member.password.length <= 200,
      'password',
      'must have 12 to 200 characters',
    ],
    [name.length >= 1 && name.length <= 100, 'name', 'must have 1 to 100 characters'],
    [STAFF_ROLES.includes(member.role), 'role', `must be one of ${STAFF_ROLES.join(', ')}`],
  ];
  return rules.filter(([isMet]) => !isMet).map(([, path, message]) => ({ path, message }));
}
