import { randomUUID } from 'node:crypto';
import { isUuid } from '@rollcall/runtime/rpc';
import { errors, type JWTPayload, jwtVerify, SignJWT } from 'jose';
import type { UserRole } from '../../users/user.ts';
import { accessTokenInvalid } from '../sign-in-error.ts';
import type { SigningKeyRotator } from './signing-key-rotator.ts';

/** How long an access token lives, and so how long a revoked session can still be used elsewhere. */
export const ACCESS_TOKEN_MS = 10 * 60_000;

const ALGORITHM = 'EdDSA';
// No other kind of token passes for an access token: RFC 9068, section 2.1.
const TYPE = 'at+jwt';

/** The user and session of an access token. */
interface AccessClaims {
  readonly tenantId: string;
  readonly userId: string;
  readonly role: UserRole;
  readonly sessionId: string;
}

/** Signs and verifies access tokens. */
export interface AccessTokens {
  sign(claims: AccessClaims): Promise<{ readonly token: string; readonly expireTime: Date }>;
  /** @throws SignInError ACCESS_TOKEN_INVALID */
  verify(token: string): Promise<AccessClaims>;
}

/** Claims that are the same in every token, and that verifiers check. */
interface AccessTokenOptions {
  /** Claim `iss`. */
  readonly issuer: string;
  /** Claim `aud`: one name for all services that accept the tokens. */
  readonly audience: string;
}

/** @param now milliseconds since 1970 */
export function createAccessTokens(
  keys: Pick<SigningKeyRotator, 'signingKey' | 'verificationKey'>,
  { issuer, audience }: AccessTokenOptions,
  now: () => number = Date.now,
): AccessTokens {
  return {
    async sign({ tenantId, userId, role, sessionId }) {
      const { id, key } = keys.signingKey();
      const issuedAt = Math.floor(now() / 1000);
      const expiresAt = issuedAt + ACCESS_TOKEN_MS / 1000;
      const token = await new SignJWT({ tenant: tenantId, role, sid: sessionId })
        .setProtectedHeader({ alg: ALGORITHM, typ: TYPE, kid: id })
        .setIssuer(issuer)
        .setAudience(audience)
        .setSubject(userId)
        .setJti(randomUUID())
        .setIssuedAt(issuedAt)
        .setExpirationTime(expiresAt)
        .sign(key);
      return { token, expireTime: new Date(expiresAt * 1000) };
    },
    async verify(token) {
      const find = async ({ kid }: { kid?: string }) => {
        const key = kid === undefined ? undefined : await keys.verificationKey(kid);
        if (!key) throw accessTokenInvalid();
        return key;
      };
      try {
        const { payload } = await jwtVerify(token, find, {
          algorithms: [ALGORITHM],
          issuer,
          audience,
          typ: TYPE,
          requiredClaims: ['exp'],
          currentDate: new Date(now()),
        });
        return toClaims(payload);
      } catch (error) {
        if (error instanceof errors.JOSEError) throw accessTokenInvalid();
        throw error;
      }
    },
  };
}

// jose checks the types of the registered claims of time only.
function toClaims({ sub, tenant, role, sid }: JWTPayload): AccessClaims {
  const claims = [sub, tenant, role, sid];
  const isText = (claim: unknown) => typeof claim === 'string' && claim !== '';
  if (!claims.every(isText) || !isUuid(String(sub)) || !isUuid(String(sid))) throw accessTokenInvalid();
  return {
    tenantId: tenant as string,
    userId: sub as string,
    role: role as UserRole,
    sessionId: sid as string,
  };
}
