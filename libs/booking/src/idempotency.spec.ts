/**
 * Goal: the stored form of an Idempotency-Key belongs to one person and one house, and tells nothing.
 * Method: equal and unequal pairs over every part that goes in.
 */
import { IdempotencyKeys } from './idempotency';

const SECRET = 'a signing key that only the specs have';
const keys = new IdempotencyKeys(SECRET);

describe('IdempotencyKeys', () => {
  it('gives one person and key the same hash in every process', () => {
    expect(new IdempotencyKeys(SECRET).hash('pt_1', 'retry-1')).toBe(keys.hash('pt_1', 'retry-1'));
  });

  it.each([
    ['another person', keys.hash('pt_2', 'retry-1')],
    ['another key', keys.hash('pt_1', 'retry-2')],
    ['the same letters, cut elsewhere', keys.hash('pt_1r', 'etry-1')],
    ['another case', keys.hash('pt_1', 'RETRY-1')],
    ['another house', new IdempotencyKeys(`${SECRET}!`).hash('pt_1', 'retry-1')],
  ])('gives another hash for %s', (_what, hash) => {
    expect(hash).not.toBe(keys.hash('pt_1', 'retry-1'));
  });

  it('is 256 bits, and shows neither the person nor the key', () => {
    const hash = keys.hash('pt_secret', 'my-own-key');
    expect(hash).toMatch(/^[\w-]{43}$/);
    expect(hash).not.toContain('pt_secret');
    expect(hash).not.toContain('my-own-key');
  });

  it('takes keys of the longest and the shortest kind', () => {
    const hashes = ['!', '~'.repeat(255)].map((key) => keys.hash('pt_1', key));
    expect(new Set(hashes).size).toBe(2);
  });
});
