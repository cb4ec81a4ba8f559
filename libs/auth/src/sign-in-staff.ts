import {
  ok,
  refused,
  type Outcome,
  type StaffSignInReply,
  type StaffSignInRequest,
} from '@opd/contracts';
import type { PasswordChecks } from './password-checks';
import type { AttemptLimit, SignInAttempts } from './sign-in-attempts';
import { usernameKeyOf, type StaffAccounts } from './staff-accounts';
import type { AccessTokens } from './tokens';

/** Failed sign-ins of one user name, known or not. A right password clears the count. */
export const PASSWORD_LIMIT: AttemptLimit = {
  kind: 'staff-password',
  attempts: 10,
  windowSeconds: 900,
};

/** What a staff sign-in rests on. */
export interface SignInStaffParts {
  readonly accounts: StaffAccounts;
  readonly attempts: SignInAttempts;
  readonly checks: PasswordChecks;
  readonly tokens: AccessTokens;
}

/** Signs a member of the staff in with user name and password. */
export class SignInStaff {
  constructor(private readonly parts: SignInStaffParts) {}

  /**
   * An unknown name and a wrong password get the same text after the same work.
   *
   * @returns INVALID_CREDENTIALS; RATE_LIMITED, with its wait, after 10 failures of the name in 15
   * minutes or when too many sign-ins wait for their check.
   */
  async execute(request: StaffSignInRequest): Promise<Outcome<StaffSignInReply>> {
    const outcome = await this.parts.checks.inTurn(() => this.signIn(request));
    return outcome ?? tooManyAtOnce();
  }

  /** Runs in its turn, so that few tries of one good password are ever counted together. */
  private async signIn(request: StaffSignInRequest): Promise<Outcome<StaffSignInReply>> {
    const { accounts, attempts, checks, tokens } = this.parts;
    const username = usernameKeyOf(request.username);
    const counted = await attempts.count(PASSWORD_LIMIT, username);
    if (!counted.ok) return counted;
    const record = await accounts.signInRecord(username);
    const isRight = await checks.matches(record?.passwordHash, request.password);
    if (record === undefined || !isRight) return wrongCredentials();
    await attempts.clear(PASSWORD_LIMIT, username);
    const { member } = record;
    return ok({ ...(await tokens.issue(member)), user: member });
  }
}

function wrongCredentials(): Outcome<never> {
  return refused({
    code: 'INVALID_CREDENTIALS',
    detail: 'The user name or the password is wrong.',
  });
}

function tooManyAtOnce(): Outcome<never> {
  return refused({
    code: 'RATE_LIMITED',
    detail: 'Too many people are signing in at this moment. Try again shortly.',
    retryAfterSeconds: 1,
  });
}
