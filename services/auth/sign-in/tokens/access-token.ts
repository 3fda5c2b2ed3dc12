import { randomUUID } from 'node:crypto';
import { isUuid } from '@rollcall/runtime/rpc';
import { errors, type JWTPayload, jwtVerify, SignJWT } from 'jose';
import type { UserRole } from '../../users/user.ts';
import { accessTokenInvalid } from '../sign-in-error.ts';
import type { SigningKeyRotator } from './signing-key-rotator.ts';

/** How long an access token lives: what a revoked session can still be used for elsewhere. */
export const ACCESS_TOKEN_MS = 10 * 60_000;

const ALGORITHM = 'EdDSA';
// RFC 9068, section 2.1: no other kind of token is taken for an access token.
const TYPE = 'at+jwt';

/** Whom an access token speaks for. */
interface AccessClaims {
  readonly tenantId: string;
  readonly userId: string;
  readonly role: UserRole;
  readonly sessionId: string;
}

/** Makes and checks access tokens. */
export interface AccessTokens {
  sign(claims: AccessClaims): Promise<{ readonly token: string; readonly expireTime: Date }>;
  /** Throws SignInError ACCESS_TOKEN_INVALID. */
  verify(token: string): Promise<AccessClaims>;
}

/** What access tokens say of themselves, and are held to by all who verify them. */
interface AccessTokenOptions {
  /** Claim `iss`. */
  readonly issuer: string;
  /** Claim `aud`: the services that people's tokens are for, under one name. */
  readonly audience: string;
}

/** @param now in ms since 1970. */
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

// jose checks the types of registered claims of time alone.
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
