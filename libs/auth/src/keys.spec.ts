/**
 * Goal: keys of different purposes have nothing to do with each other, and weak secrets are refused.
 * Method: derive and compare.
 */
import { deriveKey, keyedHash } from './keys';
import { SPEC_SIGNING_KEY } from './testing';

describe('keys', () => {
  it('derives one 32-byte key per purpose, the same in every process', () => {
    const key = deriveKey(SPEC_SIGNING_KEY, 'access-token');
    expect(key).toHaveLength(32);
    expect(deriveKey(SPEC_SIGNING_KEY, 'access-token').equals(key)).toBe(true);
    expect(deriveKey(SPEC_SIGNING_KEY, 'one-time-code').equals(key)).toBe(false);
    expect(deriveKey(`${SPEC_SIGNING_KEY}.`, 'access-token').equals(key)).toBe(false);
  });

  it('refuses a signing key of 31 characters and takes one of 32', () => {
    expect(() => deriveKey('x'.repeat(31), 'access-token')).toThrow('at least 32 characters');
    expect(deriveKey('x'.repeat(32), 'access-token')).toHaveLength(32);
  });

  it('hashes parts apart, whatever stands where', () => {
    const key = deriveKey(SPEC_SIGNING_KEY, 'one-time-code');
    expect(keyedHash(key, 'a', 'bc')).not.toBe(keyedHash(key, 'ab', 'c'));
    expect(keyedHash(key, 'a', 'bc')).toBe(keyedHash(key, 'a', 'bc'));
  });
});
