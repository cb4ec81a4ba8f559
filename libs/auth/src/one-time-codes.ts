import { randomInt, timingSafeEqual } from 'node:crypto';
import { trusted, type Connection, type Model } from 'mongoose';
import { secondsAfter, systemClock, type Clock } from './clock';
import { deriveKey, keyedHash } from './keys';
import { documentSchema, MAX_TIME_MS, modelOf, upsertOnce, writeStore } from './store';

/** How long a code is good, in seconds. */
export const CODE_LIFETIME_SECONDS = 300;
/** How often one code may be tried: a guesser's chance is 5 in a million. */
export const CODE_TRIES = 5;

/** The one live code of a phone; neither the phone nor the code can be read from it. */
interface CodeDocument {
  /** Keyed hash of the phone. */
  _id: string;
  /** Keyed hash of phone and code. */
  codeHash: string;
  triesUsed: number;
  expiresAt: Date;
}

const CODE_SCHEMA = documentSchema<CodeDocument>({
  codeHash: { type: String, required: true },
  triesUsed: { type: Number, required: true },
  expiresAt: { type: Date, required: true },
});

/** One try of a code, taken before anything is compared. */
export interface CodeTry {
  /** Whether the digits are the ones that were sent; compared in constant time. */
  matches(code: string): boolean;
  /** Uses the code up. True for exactly one caller. */
  consume(): Promise<boolean>;
}

/**
 * The one-time codes of phones. A new code replaces the one before. Every method throws
 * StoreUnavailableError or OutcomeUnknownError while MongoDB is away.
 */
export class OneTimeCodes {
  private readonly codes: Model<CodeDocument>;
  private readonly key: Buffer;

  constructor(
    connection: Connection,
    signingKey: string,
    private readonly now: Clock = systemClock,
  ) {
    this.codes = modelOf(connection, 'one_time_codes', CODE_SCHEMA);
    this.key = deriveKey(signingKey, 'one-time-code');
  }

  /** Makes the code of a phone: 6 digits, good for 5 minutes. */
  async make(phone: string): Promise<string> {
    const code = randomInt(1_000_000).toString().padStart(6, '0');
    const fresh = {
      codeHash: this.hashOf(phone, code),
      triesUsed: 0,
      expiresAt: secondsAfter(this.now(), CODE_LIFETIME_SECONDS),
    };
    await upsertOnce(() =>
      writeStore(() =>
        this.codes
          .updateOne(
            { _id: this.idOf(phone) },
            { $set: fresh },
            { upsert: true, maxTimeMS: MAX_TIME_MS },
          )
          .exec(),
      ),
    );
    return code;
  }

  /** Makes this code of the phone worthless; a newer one stays. */
  async void(phone: string, code: string): Promise<void> {
    await this.remove(phone, this.hashOf(phone, code));
  }

  /**
   * Takes one of the tries of the phone's live code, atomically and before any comparison.
   * `undefined` when there is no live code or its tries are used up.
   */
  async takeTry(phone: string): Promise<CodeTry | undefined> {
    const now = this.now();
    const live = await writeStore(() =>
      this.codes
        .findOneAndUpdate(
          {
            _id: this.idOf(phone),
            expiresAt: trusted({ $gt: now }),
            triesUsed: trusted({ $lt: CODE_TRIES }),
          },
          { $inc: { triesUsed: 1 } },
          { returnDocument: 'after', maxTimeMS: MAX_TIME_MS },
        )
        .lean<CodeDocument>()
        .exec(),
    );
    if (live === null) return undefined;
    const { codeHash } = live;
    return {
      matches: (code) =>
        timingSafeEqual(Buffer.from(codeHash), Buffer.from(this.hashOf(phone, code))),
      consume: () => this.remove(phone, codeHash),
    };
  }

  private async remove(phone: string, codeHash: string): Promise<boolean> {
    const removed = await writeStore(() =>
      this.codes.deleteOne({ _id: this.idOf(phone), codeHash }, { maxTimeMS: MAX_TIME_MS }).exec(),
    );
    return removed.deletedCount === 1;
  }

  private idOf(phone: string): string {
    return keyedHash(this.key, 'phone', phone);
  }

  private hashOf(phone: string, code: string): string {
    return keyedHash(this.key, 'code', phone, code);
  }
}
