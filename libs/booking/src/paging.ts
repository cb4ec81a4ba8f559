import type { Page } from '@opd/contracts';

/** Cuts a list that was read one longer than a page, and says where the next page begins. */
export function pageOf<T>(
  rows: readonly T[],
  limit: number,
  cursorOf: (last: T) => string,
): Page<T> {
  const items = rows.slice(0, limit);
  const last = items.at(-1);
  return rows.length > limit && last !== undefined
    ? { items, nextCursor: cursorOf(last) }
    : { items };
}

/** Packs the place where a page ended. Opaque to clients, holds nothing personal. */
export function toCursor(...parts: readonly (string | number)[]): string {
  return Buffer.from(JSON.stringify(parts)).toString('base64url');
}

/** Unpacks a cursor of `length` parts; undefined if it is none of ours. */
export function fromCursor(cursor: string, length: number): unknown[] | undefined {
  try {
    const parts: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString());
    return Array.isArray(parts) && parts.length === length ? (parts as unknown[]) : undefined;
  } catch {
    return undefined;
  }
}
