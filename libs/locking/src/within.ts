/** How a promise stood when its time was up. */
export type Settled<T> =
  | { readonly state: 'DONE'; readonly value: T }
  | { readonly state: 'FAILED'; readonly error: unknown }
  | { readonly state: 'LATE' };

/**
 * Waits for a promise, but for `timeoutMs` at most. Never rejects, and a rejection that comes after
 * the time is up is never unhandled.
 */
export async function within<T>(promise: Promise<T>, timeoutMs: number): Promise<Settled<T>> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<Settled<T>>((resolve) => {
    timer = setTimeout(() => resolve({ state: 'LATE' }), timeoutMs);
  });
  const settled = promise.then(
    (value): Settled<T> => ({ state: 'DONE', value }),
    (error: unknown): Settled<T> => ({ state: 'FAILED', error }),
  );
  try {
    return await Promise.race([settled, late]);
  } finally {
    clearTimeout(timer);
  }
}
