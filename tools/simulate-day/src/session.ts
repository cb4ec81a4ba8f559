/** What every sign-in gives. */
export interface SignedIn {
  readonly accessToken: string;
  readonly expiresInSeconds: number;
}

/** A token is renewed when it would end within this time. */
const RENEW_BEFORE_END_MS = 60_000;

/** One signed-in person. Signs in when first needed, and again before the token ends. */
export class Session {
  private current: { readonly token: string; readonly renewAtMs: number } | undefined;
  private pending: Promise<string> | undefined;

  constructor(private readonly signIn: () => Promise<SignedIn>) {}

  /** A token that is good for a while; rejects as the sign-in does. */
  async token(): Promise<string> {
    if (this.current && Date.now() < this.current.renewAtMs) return this.current.token;
    this.pending ??= this.renew().finally(() => (this.pending = undefined));
    return this.pending;
  }

  private async renew(): Promise<string> {
    const { accessToken, expiresInSeconds } = await this.signIn();
    // A token of less than two renewal times is used for half of its life.
    const lifeMs = expiresInSeconds * 1_000;
    const usedMs = Math.max(lifeMs - RENEW_BEFORE_END_MS, lifeMs / 2);
    this.current = { token: accessToken, renewAtMs: Date.now() + usedMs };
    return accessToken;
  }
}
