/** Time as the booking engine sees it: passed in, so that a test can drive it. */
export interface Clock {
  /** Wall clock, milliseconds since the epoch: for what is stored and for opening hours. */
  nowMs(): number;
  /** A clock that never jumps: for deadlines, waits and what is left of a lock. */
  monotonicMs(): number;
  /** Calls `callback` once after `delayMs`; the function returned cancels it. */
  after(delayMs: number, callback: () => void): () => void;
}

/** The clock of the machine. */
export const systemClock: Clock = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  after: (delayMs, callback) => {
    const timer = setTimeout(callback, delayMs);
    return () => clearTimeout(timer);
  },
};

/**
 * Settles like `work`, or with the error of `onTimeout` after `timeoutMs`, whichever comes first.
 * The work itself goes on: use it where finishing late does no harm or is accounted for.
 */
export async function within<T>(
  clock: Clock,
  work: Promise<T>,
  { timeoutMs, onTimeout }: { readonly timeoutMs: number; readonly onTimeout: () => Error },
): Promise<T> {
  let cancel = (): void => undefined;
  const timeout = new Promise<never>((_, reject) => {
    cancel = clock.after(timeoutMs, () => reject(onTimeout()));
  });
  try {
    return await Promise.race([work, timeout]);
  } finally {
    cancel();
  }
}
