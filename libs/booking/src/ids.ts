import { randomBytes } from 'node:crypto';

/** Where ids come from: passed in, so that a test can drive it. */
export interface Ids {
  /** Names a booking, for ever and unguessably. Made once per request, before anything is sent. */
  bookingId(): string;
  /** Names one request inside this process and in what it writes. */
  requestId(): string;
}

/** 128 random bits each. */
export const randomIds: Ids = {
  bookingId: () => `bk_${random()}`,
  requestId: () => `rq_${random()}`,
};

function random(): string {
  return randomBytes(16).toString('base64url');
}
