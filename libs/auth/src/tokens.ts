import { createSecretKey, type KeyObject } from 'node:crypto';
import { ROLES, type Identity, type Permission, type Role } from '@opd/contracts';
import { errors, jwtVerify, SignJWT } from 'jose';
import { systemClock, type Clock } from './clock';
import { deriveKey } from './keys';
import { isAllowed } from './permissions';

const ALGORITHM = 'HS256';
const ISSUER = 'elastic-opd';
/** One audience for all three APIs: the role decides, so a desk token at the admin API is a 403, not a 401. */
const AUDIENCE = 'elastic-opd';
/** How far the clocks of two replicas may be apart. */
const CLOCK_TOLERANCE_SECONDS = 5;
/** Ours have about 250 characters; anything much longer is not worth the work of a check. */
const MAX_TOKEN_CHARACTERS = 1_000;
const MAX_REMEMBERED_TOKENS = 10_000;

/**
 * How long a token is good, in seconds. There is no list of revoked tokens, so this is also how long
 * a token outlives a dismissal: a shift for the staff; half a day for a patient, who books in the
 * morning and looks at his token number in the evening.
 */
export const TOKEN_LIFETIME_SECONDS: Readonly<Record<Role, number>> = {
  PATIENT: 12 * 3_600,
  DESK: 8 * 3_600,
  ADMIN: 8 * 3_600,
};

/** A token as a sign-in hands it out. */
export interface IssuedToken {
  readonly accessToken: string;
  readonly expiresInSeconds: number;
}

interface RememberedToken {
  readonly identity: Identity;
  readonly expiresAtMs: number;
}

/**
 * Issues and checks access tokens: JWTs, HS256, with a key derived from TOKEN_SIGNING_KEY. They carry
 * `sub` (the user or patient id) and `role`, and nothing personal. Checking needs no store.
 */
export class AccessTokens {
  private readonly key: KeyObject;
  /** Checked tokens, oldest first. A token costs one signature check, not one for each request. */
  private readonly remembered = new Map<string, RememberedToken>();

  /** @throws Error when the signing key is too short; see {@link deriveKey}. */
  constructor(
    signingKey: string,
    private readonly now: Clock = systemClock,
  ) {
    this.key = createSecretKey(deriveKey(signingKey, 'access-token'));
  }

  /** Makes a token for this identity, good from now on for the lifetime of its role. */
  async issue(identity: Identity): Promise<IssuedToken> {
    const expiresInSeconds = TOKEN_LIFETIME_SECONDS[identity.role];
    const issuedAt = Math.floor(this.now().getTime() / 1_000);
    const accessToken = await new SignJWT({ role: identity.role })
      .setProtectedHeader({ alg: ALGORITHM, typ: 'JWT' })
      .setSubject(identity.userId)
      .setIssuer(ISSUER)
      .setAudience(AUDIENCE)
      .setIssuedAt(issuedAt)
      .setExpirationTime(issuedAt + expiresInSeconds)
      .sign(this.key);
    return { accessToken, expiresInSeconds };
  }

  /** Whose token this is; `undefined` for every token that is forged, expired, incomplete or not ours. */
  async verify(token: string): Promise<Identity | undefined> {
    if (token.length > MAX_TOKEN_CHARACTERS) return undefined;
    const known = this.remembered.get(token);
    if (known !== undefined && known.expiresAtMs > this.now().getTime()) return known.identity;
    this.remembered.delete(token);
    const checked = await this.check(token);
    if (checked !== undefined) this.remember(token, checked);
    return checked?.identity;
  }

  private async check(token: string): Promise<RememberedToken | undefined> {
    try {
      const { payload } = await jwtVerify(token, this.key, {
        algorithms: [ALGORITHM],
        issuer: ISSUER,
        audience: AUDIENCE,
        requiredClaims: ['exp', 'iat', 'sub', 'role'],
        clockTolerance: CLOCK_TOLERANCE_SECONDS,
        currentDate: this.now(),
      });
      const role = ROLES.find((each) => each === payload['role']);
      if (role === undefined || !payload.sub || payload.exp === undefined) return undefined;
      return { identity: { userId: payload.sub, role }, expiresAtMs: payload.exp * 1_000 };
    } catch (error) {
      if (error instanceof errors.JOSEError) return undefined;
      throw error;
    }
  }

  private remember(token: string, checked: RememberedToken): void {
    if (this.remembered.size >= MAX_REMEMBERED_TOKENS) {
      for (const oldest of this.remembered.keys()) {
        this.remembered.delete(oldest);
        break;
      }
    }
    this.remembered.set(token, checked);
  }
}

/** Who asks, and whether he may: what a guard in front of the routes needs. */
export class Authenticator {
  constructor(private readonly tokens: AccessTokens) {}

  /**
   * The identity behind an `Authorization` header (`Bearer <token>`, RFC 6750); `undefined` when the
   * header is missing, of another scheme, or its token is not good.
   */
  async authenticate(authorization: string | undefined): Promise<Identity | undefined> {
    const token = /^Bearer +([^\s]+)$/i.exec(authorization ?? '')?.[1];
    return token === undefined ? undefined : this.tokens.verify(token);
  }

  /** Whether the identity's role has the permission; see {@link isAllowed}. */
  isAllowed(identity: Identity, permission: Permission): boolean {
    return isAllowed(identity, permission);
  }
}
