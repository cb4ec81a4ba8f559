import {
  ok,
  refused,
  type Outcome,
  type SendCodeReply,
  type SendCodeRequest,
} from '@opd/contracts';
import type { CodeDelivery } from './code-delivery';
import { CODE_LIFETIME_SECONDS, type OneTimeCodes } from './one-time-codes';
import type { AttemptLimit, SignInAttempts } from './sign-in-attempts';

/** How codes leave the house, and how many. */
export interface SendCodeSettings {
  /** Codes for one phone in 10 minutes. */
  readonly codeSendsPer10Minutes: number;
  /** Codes for one phone in 24 hours. */
  readonly codeSendsPerDay: number;
  /** Whether the reply shows the code: in the demo, never elsewhere. */
  readonly showsCode: boolean;
  /** Who brings the code to the phone, if anybody is configured. */
  readonly delivery: CodeDelivery | undefined;
}

/** Sends a one-time code to a phone. The answer is the same whether the phone is known or not. */
export class SendCode {
  private readonly limits: readonly AttemptLimit[];

  constructor(
    private readonly codes: OneTimeCodes,
    private readonly attempts: SignInAttempts,
    private readonly settings: SendCodeSettings,
  ) {
    this.limits = [
      { kind: 'code-send', attempts: settings.codeSendsPer10Minutes, windowSeconds: 600 },
      { kind: 'code-send-daily', attempts: settings.codeSendsPerDay, windowSeconds: 86_400 },
    ];
  }

  /**
   * Makes a code, which replaces the one before, and has it delivered.
   *
   * @returns RATE_LIMITED, with its wait, when the phone was sent too many; DELIVERY_UNAVAILABLE when
   * nothing can deliver the code, which is then void.
   */
  async execute({ phone }: SendCodeRequest): Promise<Outcome<SendCodeReply>> {
    const { delivery, showsCode } = this.settings;
    if (delivery === undefined && !showsCode) return undelivered();
    for (const limit of this.limits) {
      const counted = await this.attempts.count(limit, phone);
      if (!counted.ok) return counted;
    }
    const code = await this.codes.make(phone);
    const message = { phone, code, expiresInSeconds: CODE_LIFETIME_SECONDS };
    if (delivery !== undefined && !(await delivery.deliver(message))) {
      await this.codes.void(phone, code);
      return undelivered();
    }
    const reply = { expiresInSeconds: CODE_LIFETIME_SECONDS };
    return ok(showsCode ? { ...reply, demoCode: code } : reply);
  }
}

function undelivered(): Outcome<never> {
  return refused({
    code: 'DELIVERY_UNAVAILABLE',
    detail: 'The code could not be delivered. Try again later, or ask the desk to book.',
  });
}
