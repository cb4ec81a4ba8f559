import { createHmac } from 'node:crypto';
import { systemClock, type Clock } from './clock';

/** Well below the time in which every request is answered, so that the refusal is still heard. */
const WEBHOOK_TIMEOUT_MS = 2_000;

/** A code on its way to a phone. */
export interface CodeMessage {
  /** E.164. */
  readonly phone: string;
  /** Six digits. */
  readonly code: string;
  readonly expiresInSeconds: number;
}

/** Brings a one-time code to a phone. */
export interface CodeDelivery {
  /** Whether somebody has taken over the message. Never throws; answers within 2 s. */
  deliver(message: CodeMessage): Promise<boolean>;
}

/**
 * Hands codes to the hospital's SMS gateway: one POST of `{ phone, code, expiresInSeconds }` to
 * OTP_WEBHOOK_URL. `opd-timestamp` carries the Unix time in seconds, `opd-signature` the text `v1=`
 * and the hex HMAC-SHA256 of `<timestamp>.<body>`; the receiver checks both and refuses old ones.
 * Any 2xx is a success. Redirects are not followed: the code goes to the configured address or nowhere.
 */
export class WebhookDelivery implements CodeDelivery {
  constructor(
    private readonly url: string,
    private readonly secret: string,
    private readonly now: Clock = systemClock,
  ) {}

  async deliver(message: CodeMessage): Promise<boolean> {
    const body = JSON.stringify(message);
    const timestamp = Math.floor(this.now().getTime() / 1_000).toString();
    const signature = createHmac('sha256', this.secret)
      .update(`${timestamp}.${body}`)
      .digest('hex');
    try {
      const response = await fetch(this.url, {
        method: 'POST',
        body,
        headers: {
          'content-type': 'application/json',
          'opd-timestamp': timestamp,
          'opd-signature': `v1=${signature}`,
        },
        redirect: 'error',
        signal: AbortSignal.timeout(WEBHOOK_TIMEOUT_MS),
      });
      await response.body?.cancel();
      return response.ok;
    } catch {
      // The cause may name the phone's gateway or quote the body: it goes nowhere.
      return false;
    }
  }
}
