import { randomUUID } from 'node:crypto';
import { errors, jwtVerify, SignJWT } from 'jose';
import type { UserRole } from '../users/user.ts';
import type { KeyKeeper } from './key-keeper.ts';
import { accessTokenInvalid } from './people-error.ts';

/** How long an access token lives: what a revoked session can still be used for elsewhere. */
export const ACCESS_TOKEN_MS = 10 * 60_000;

const ALGORITHM = 'EdDSA';
// RFC 9068, section 2.1: no other kind of token is taken for an access token.
const TYPE = 'at+jwt';

/** Whom an access token speaks for. */
export interface AccessClaims {
  readonly tenantId: string;
  readonly userId: string;
  readonly role: UserRole;
  readonly sessionId: string;
}

/** Makes and checks access tokens. */
export interface AccessTokens {
  sign(claims: AccessClaims): Promise<{ readonly token: string; readonly expireTime: Date }>;
  /** Throws PeopleError ACCESS_TOKEN_INVALID. */
  verify(token: string): Promise<AccessClaims>;
}

/** @param issuer the claim `iss`, which others hold a token to. */
export function createAccessTokens(
  keys: Pick<KeyKeeper, 'signing' | 'verifying'>,
  issuer: string,
): AccessTokens {
  return {
    async sign({ tenantId, userId, role, sessionId }) {
      const { id, key } = keys.signing();
      const issuedAt = Math.floor(Date.now() / 1000);
      const expiresAt = issuedAt + ACCESS_TOKEN_MS / 1000;
      const token = await new SignJWT({ tenant: tenantId, role, sid: sessionId })
        .setProtectedHeader({ alg: ALGORITHM, typ: TYPE, kid: id })
        .setIssuer(issuer)
        .setSubject(userId)
        .setJti(randomUUID())
        .setIssuedAt(issuedAt)
        .setExpirationTime(expiresAt)
        .sign(key);
      return { token, expireTime: new Date(expiresAt * 1000) };
    },
    async verify(token) {
      const find = async ({ kid }: { kid?: string }) => {
        const key = kid === undefined ? undefined : await keys.verifying(kid);
        if (!key) throw accessTokenInvalid();
        return key;
      };
      try {
        const { payload } = await jwtVerify(token, find, {
          algorithms: [ALGORITHM],
          issuer,
          typ: TYPE,
          requiredClaims: ['sub', 'tenant', 'role', 'sid', 'exp'],
        });
        const { sub, tenant, role, sid } = payload;
        return {
          tenantId: String(tenant),
          userId: String(sub),
          role: role as UserRole,
          sessionId: String(sid),
        };
      } catch (error) {
        if (error instanceof errors.JOSEError) throw accessTokenInvalid();
        throw error;
      }
    },
  };
}
