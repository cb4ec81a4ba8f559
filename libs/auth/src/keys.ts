import { createHmac, hkdfSync } from 'node:crypto';

const MIN_SIGNING_KEY_CHARACTERS = 32;

/**
 * The purposes a key is derived for. One secret comes from the environment; each purpose gets a
 * key of its own, so that what one of them signs means nothing to another.
 */
export type KeyPurpose = 'access-token' | 'one-time-code' | 'sign-in-attempts';

/**
 * Derives the 32-byte key of a purpose from TOKEN_SIGNING_KEY (HKDF-SHA256, RFC 5869; no salt, info
 * `elastic-opd <purpose>`).
 *
 * @throws Error when the signing key has fewer than 32 characters: such a key can be guessed.
 */
export function deriveKey(signingKey: string, purpose: KeyPurpose): Buffer {
  if (signingKey.length < MIN_SIGNING_KEY_CHARACTERS) {
    throw new Error(
      `TOKEN_SIGNING_KEY must have at least ${MIN_SIGNING_KEY_CHARACTERS} characters.`,
    );
  }
  return Buffer.from(hkdfSync('sha256', signingKey, '', `elastic-opd ${purpose}`, 32));
}

/**
 * HMAC-SHA256 of the parts, base64url. NUL stands between them, so that `('a', 'bc')` and
 * `('ab', 'c')` differ; no part may hold a NUL.
 */
export function keyedHash(key: Buffer, ...parts: readonly string[]): string {
  return createHmac('sha256', key).update(parts.join('\0')).digest('base64url');
}
