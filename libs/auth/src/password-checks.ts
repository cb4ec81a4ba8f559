import { randomBytes } from 'node:crypto';
import { hash, verify } from '@node-rs/argon2';

/** Argon2id with 19 MiB, 2 passes and 1 lane: the OWASP password storage sheet's first choice for it. */
const ARGON2 = { algorithm: 2, memoryCost: 19_456, timeCost: 2, parallelism: 1 } as const;
/**
 * Checks run in the thread pool that tokens and look-ups use too, which has four threads; two stay free.
 */
const MAX_RUNNING = 2;
/** At some 30 ms a check, the last in line waits about a second. */
const MAX_WAITING = 60;

/** Hashes a password for storage, in the PHC string form. */
export async function hashPassword(password: string): Promise<string> {
  return hash(password, ARGON2);
}

/**
 * Checks passwords, few at a time: a flood of sign-ins takes neither the processor nor the threads
 * from those who book.
 */
export class PasswordChecks {
  private running = 0;
  private readonly waiting: (() => void)[] = [];
  /** Checked when there is no such account, so that a stranger's name costs what a known one costs. */
  private readonly standIn = hashPassword(randomBytes(16).toString('hex'));

  /**
   * Runs a sign-in in its turn; `undefined`, at once and without running it, when too many wait.
   */
  async inTurn<T>(signIn: () => Promise<T>): Promise<T | undefined> {
    if (this.running < MAX_RUNNING) this.running += 1;
    else if (this.waiting.length >= MAX_WAITING) return undefined;
    else await new Promise<void>((resolve) => this.waiting.push(resolve));
    try {
      return await signIn();
    } finally {
      // A turn passes on to the next in line without being given back between.
      const next = this.waiting.shift();
      if (next === undefined) this.running -= 1;
      else next();
    }
  }

  /** Whether the password belongs to the stored hash; without a hash it does the same work, in vain. */
  async matches(passwordHash: string | undefined, password: string): Promise<boolean> {
    const isMatch = await verify(passwordHash ?? (await this.standIn), password);
    return isMatch && passwordHash !== undefined;
  }
}
