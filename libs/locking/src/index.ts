export { type LockAttempt, type SlotLock, type SlotLocks } from './slot-lock';
export {
  LOCK_KEY_PREFIX,
  RedlockSlotLocks,
  type SlotLockEvent,
  type SlotLocksOptions,
} from './redlock-slot-locks';
export { connectLockNodes, LOCK_NODE_COUNTS } from './lock-nodes';
export { LockWait } from './lock-wait';
