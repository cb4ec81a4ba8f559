import { refused, type Outcome, ok } from '@opd/contracts';
import type { Connection, Model } from 'mongoose';
import { secondsAfter, secondsUntil, systemClock, type Clock } from './clock';
import { deriveKey, keyedHash } from './keys';
import { documentSchema, MAX_TIME_MS, modelOf, upsertOnce, writeStore } from './store';

/** How often something may be tried, in one window that starts with the first try. */
export interface AttemptLimit {
  /** What is counted. */
  readonly kind: 'staff-password' | 'code-try' | 'code-send' | 'code-send-daily';
  readonly attempts: number;
  readonly windowSeconds: number;
}

interface AttemptsDocument {
  _id: string;
  count: number;
  /** The end of the window; a TTL index removes the document after it. */
  expiresAt: Date;
}

const ATTEMPTS_SCHEMA = documentSchema<AttemptsDocument>({
  count: { type: Number, required: true },
  expiresAt: { type: Date, required: true },
});

/**
 * Counts tries per account and per phone, in MongoDB, so that the count is one for all processes and
 * outlives a restart and an emptied Redis. Subjects are stored as keyed hashes: the collection names
 * nobody. Throws StoreUnavailableError or OutcomeUnknownError while MongoDB is away: nobody signs in
 * uncounted.
 */
export class SignInAttempts {
  private readonly attempts: Model<AttemptsDocument>;
  private readonly key: Buffer;

  constructor(
    connection: Connection,
    signingKey: string,
    private readonly now: Clock = systemClock,
  ) {
    this.attempts = modelOf(connection, 'sign_in_attempts', ATTEMPTS_SCHEMA);
    this.key = deriveKey(signingKey, 'sign-in-attempts');
  }

  /**
   * Counts one try of the subject (an account name, a phone), before it is made: tries that come
   * together cannot pass together.
   *
   * @returns RATE_LIMITED, with the seconds until the window ends, once the limit is used up.
   */
  async count(limit: AttemptLimit, subject: string): Promise<Outcome<void>> {
    const now = this.now();
    const isOpen = { $gt: ['$expiresAt', now] };
    const end = secondsAfter(now, limit.windowSeconds);
    const next = {
      count: { $cond: [isOpen, { $add: ['$count', 1] }, 1] },
      expiresAt: { $cond: [isOpen, '$expiresAt', end] },
    };
    const counted = await upsertOnce(() =>
      writeStore(() =>
        this.attempts
          .findOneAndUpdate({ _id: this.idOf(limit, subject) }, [{ $set: next }], {
            upsert: true,
            updatePipeline: true,
            returnDocument: 'after',
            maxTimeMS: MAX_TIME_MS,
          })
          .lean<AttemptsDocument>()
          .exec(),
      ),
    );
    if (counted === null || counted.count <= limit.attempts) return ok(undefined);
    return refused({
      code: 'RATE_LIMITED',
      detail: 'There were too many attempts. Wait, then try again.',
      retryAfterSeconds: secondsUntil(counted.expiresAt, now),
    });
  }

  /** Forgets the tries of a subject, after one that went well. */
  async clear(limit: AttemptLimit, subject: string): Promise<void> {
    await writeStore(() =>
      this.attempts
        .deleteOne({ _id: this.idOf(limit, subject) }, { maxTimeMS: MAX_TIME_MS })
        .exec(),
    );
  }

  private idOf(limit: AttemptLimit, subject: string): string {
    return `${limit.kind}:${keyedHash(this.key, limit.kind, subject)}`;
  }
}
