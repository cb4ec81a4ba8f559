import type { Interval, Sequential } from './linearize';

/**
 * What one operation says of something that at most one booking can have: a patient's claim on a
 * doctor's day, or an idempotency key.
 */
export type ClaimOperation = Interval &
  (
    | { readonly says: 'TAKES'; readonly bookingId: string }
    | { readonly says: 'GIVES_BACK'; readonly bookingId: string }
    /** Somebody has it: this booking, or, without an id, any. */
    | { readonly says: 'IS_TAKEN'; readonly bookingId?: string | undefined }
    | { readonly says: 'IS_FREE' }
    /** It is free, or this booking has it: a step that may have had nothing to do. */
    | { readonly says: 'TAKES_OR_HAS'; readonly bookingId: string }
  );

/** The claim as one thing that does one operation after the other; its state is the booking that has it. */
export function claimObject(end: string | undefined): Sequential<string, ClaimOperation> {
  return {
    start: '',
    next: (holder, op) => nextHolder(holder, op),
    keyOf: (holder) => holder,
    isEnd: (holder) => holder === (end ?? ''),
  };
}

function nextHolder(holder: string, op: ClaimOperation): string | undefined {
  switch (op.says) {
    case 'TAKES':
      return holder === '' ? op.bookingId : undefined;
    case 'TAKES_OR_HAS':
      return holder === '' || holder === op.bookingId ? op.bookingId : undefined;
    case 'GIVES_BACK':
      return holder === op.bookingId ? '' : holder;
    case 'IS_TAKEN':
      return holder !== '' && (op.bookingId ?? holder) === holder ? holder : undefined;
    case 'IS_FREE':
      return holder === '' ? '' : undefined;
  }
}
