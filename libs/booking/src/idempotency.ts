import { createHmac, hkdfSync } from 'node:crypto';

/** Makes the stored form of an Idempotency-Key: it belongs to one person, and tells nothing of him. */
export class IdempotencyKeys {
  readonly #key: Buffer;

  /** @param secret shared by all replicas, at least 32 characters; a purpose key is derived from it. */
  constructor(secret: string) {
    this.#key = Buffer.from(hkdfSync('sha256', secret, '', 'elastic-opd idempotency', 32));
  }

  /** HMAC-SHA256 of the person and his key, base64url. */
  hash(userId: string, idempotencyKey: string): string {
    return createHmac('sha256', this.#key)
      .update(`${userId}\n${idempotencyKey}`)
      .digest('base64url');
  }
}
