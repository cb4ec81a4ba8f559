/**
 * The lock of one slot, held by us until it is released or its time is up.
 *
 * Holding it makes a clash unlikely, never impossible: the write must carry its own guard.
 */
export interface SlotLock {
  readonly slotId: string;
  /**
   * Milliseconds for which no other process can have the lock, by the monotonic clock and with the
   * drift between the clocks taken off; 0 or less once it has run out or was given back.
   */
  remainingMs(): number;
  /**
   * Gives the lock back, and only ours: the value stored under the key decides. Never rejects and
   * is bounded in time; a failure is counted, and the lock then ends by its TTL. A second call does
   * nothing more.
   */
  release(): Promise<void>;
}

/** What became of one try to lock a slot. */
export type LockAttempt =
  | { readonly outcome: 'HELD'; readonly lock: SlotLock }
  /** Somebody else holds it: asking again soon makes sense. */
  | { readonly outcome: 'BUSY' }
  /** The lock service is away, slow, or short of nodes. The reason is for logs, not for users. */
  | { readonly outcome: 'UNAVAILABLE'; readonly reason: string };

/** The locks of all slots. */
export interface SlotLocks {
  /** Tries once, never waits for another owner, never throws, and is bounded in time. */
  tryAcquire(slotId: string): Promise<LockAttempt>;
}
