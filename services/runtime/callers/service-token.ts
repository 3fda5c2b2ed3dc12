import { createPublicKey } from 'node:crypto';
import { createLocalJWKSet, errors, type JSONWebKeySet, type JWK, jwtVerify } from 'jose';
import { isCallerId } from './caller-id.ts';
import { type NamedFile, type Watched, watchFiles } from './watched-files.ts';

/** The longest lifetime of a service token. Seconds. */
export const MAX_TOKEN_SECONDS = 3600;
/** The largest difference between two clocks. Seconds. */
const CLOCK_TOLERANCE_SECONDS = 5;
// Number of verified tokens that are cached. A caller has about one.
const MAX_REMEMBERED = 1000;
const MAX_TOKEN_CHARS = 4096;

/** A service token was refused. The message is for the caller and repeats nothing of the token. */
export class TokenFault extends Error {
  override readonly name = 'TokenFault';
}

/** Verifies service tokens. */
export interface TokenVerifier {
  /**
   * Returns the id of the caller, synchronously for a cached token.
   * @throws TokenFault or rejects with it
   */
  verify(token: string): string | Promise<string>;
}

/** Reads the public keys for verification from a JWKS file of Ed25519 keys, and again when it is replaced. */
export function watchKeys(
  file: NamedFile,
  options: { onError: (error: unknown) => void; pollMs?: number },
): Promise<Watched<JSONWebKeySet>> {
  return watchFiles({ ...options, files: [file], load: ([content]) => parseKeys(String(content)) });
}

/**
 * Verifies service tokens: JWTs signed with EdDSA for `audience`, with a lifetime of at most an hour.
 * @param now milliseconds since 1970
 */
export function createTokenVerifier(
  keys: Watched<JSONWebKeySet>,
  { audience, now = Date.now }: { audience: string; now?: () => number },
): TokenVerifier {
  const remembered = new Map<string, { caller: string; expiresAtMs: number }>();
  let keySet = createLocalJWKSet(keys.current);
  let generation = 0;
  keys.onChange((changed) => {
    keySet = createLocalJWKSet(changed);
    generation += 1;
    remembered.clear();
  });
  const check = async (token: string): Promise<string> => {
    const asOf = generation;
    const { caller, expiresAtMs } = await verifyToken(token, { keySet, audience, nowMs: now() });
    // The keys changed during verification, so the result is not cached.
    if (asOf !== generation) return check(token);
    const [oldest] = remembered.keys();
    if (remembered.size >= MAX_REMEMBERED && oldest !== undefined) remembered.delete(oldest);
    remembered.set(token, { caller, expiresAtMs });
    return caller;
  };
  return {
    verify(token) {
      const known = remembered.get(token);
      if (known && now() < known.expiresAtMs) return known.caller;
      remembered.delete(token);
      if (token.length > MAX_TOKEN_CHARS) throw new TokenFault('The service token is too long to be one.');
      return check(token);
    },
  };
}

interface Terms {
  readonly keySet: ReturnType<typeof createLocalJWKSet>;
  readonly audience: string;
  readonly nowMs: number;
}

async function verifyToken(token: string, { keySet, audience, nowMs }: Terms) {
  const { payload } = await jwtVerify(token, keySet, {
    algorithms: ['EdDSA'],
    audience,
    requiredClaims: ['sub', 'exp', 'iat'],
    clockTolerance: CLOCK_TOLERANCE_SECONDS,
    currentDate: new Date(nowMs),
  }).catch((error: unknown) => {
    throw new TokenFault(explain(error), { cause: error });
  });
  // jose checks the types of exp, nbf and iat, but not of sub.
  const { sub, exp = 0, iat = 0 } = payload as { sub?: unknown; exp?: number; iat?: number };
  if (iat * 1000 > nowMs + CLOCK_TOLERANCE_SECONDS * 1000)
    throw new TokenFault('The service token is issued in the future: check the clocks of both machines.');
  if (exp - iat > MAX_TOKEN_SECONDS)
    throw new TokenFault(`The service token lives longer than ${MAX_TOKEN_SECONDS} seconds.`);
  if (!isCallerId(sub))
    throw new TokenFault('The subject of the service token is neither a SPIFFE id nor a name.');
  return { caller: sub, expiresAtMs: exp * 1000 };
}

function explain(error: unknown): string {
  if (error instanceof errors.JWTExpired) return 'The service token has expired: send a new one.';
  if (error instanceof errors.JWTClaimValidationFailed) {
    return error.claim === 'aud'
      ? 'The service token was made for another service.'
      : `The service token's claim "${error.claim}" is missing or wrong.`;
  }
  if (error instanceof errors.JWKSNoMatchingKey || error instanceof errors.JWSSignatureVerificationFailed)
    return 'The service token is signed by a key that is not known here.';
  return 'The service token cannot be read: it must be a JWT signed with EdDSA.';
}

function parseKeys(text: string): JSONWebKeySet {
  const parsed = JSON.parse(text) as { keys?: unknown };
  const keys: unknown[] = Array.isArray(parsed?.keys) ? parsed.keys : [];
  if (keys.length === 0) throw new Error('it holds no "keys": a JWKS with at least one public key is needed');
  return { keys: keys.map(requirePublicKey) };
}

function requirePublicKey(value: unknown): JWK {
  const key = (value ?? {}) as JWK;
  if (key.kty !== 'OKP' || key.crv !== 'Ed25519') throw new Error('it holds a key that is not Ed25519');
  if (key.d !== undefined) throw new Error('it holds a private key: public keys alone belong there');
  try {
    createPublicKey({ key: { kty: key.kty, crv: key.crv, x: key.x ?? '' }, format: 'jwk' });
  } catch (cause) {
    throw new Error('it holds a key whose "x" is not 32 bytes in base64url', { cause });
  }
  return key;
}
