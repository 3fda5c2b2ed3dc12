import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { readFile, rm, stat, writeFile } from 'node:fs/promises';
import { importJWK, type JWK, SignJWT } from 'jose';
import { StartupError } from '../startup-error.ts';
import { isCallerId } from './caller-id.ts';
import { MAX_TOKEN_SECONDS } from './service-token.ts';

// Share of its lifetime for which a token is used, so that it does not expire on its way.
const RENEW_AT = 0.7;

/** Terms of a service token. */
export interface TokenRequest {
  readonly caller: string;
  /** Name of the service that accepts it. */
  readonly audience: string;
  readonly ttlSeconds: number;
}

/** Makes an Ed25519 key pair: the private key as a JWK, the public key as a JWKS. */
export function makeKeyPair(): { privateJwk: string; publicJwks: string } {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const about = { kid: randomUUID(), use: 'sig', alg: 'EdDSA' };
  const text = (value: object) => `${JSON.stringify(value, null, 2)}\n`;
  return {
    privateJwk: text({ ...privateKey.export({ format: 'jwk' }), ...about }),
    publicJwks: text({ keys: [{ ...publicKey.export({ format: 'jwk' }), ...about }] }),
  };
}

/**
 * Writes a key pair into two new files, the private one readable for its owner alone. Leaves no file behind
 * on failure.
 * @throws StartupError when a file exists or cannot be written
 */
export async function writeKeyPair(privatePath: string, publicPath: string): Promise<void> {
  const { privateJwk, publicJwks } = makeKeyPair();
  await using stack = new AsyncDisposableStack();
  for (const [path, text, mode] of [
    [privatePath, privateJwk, 0o600],
    [publicPath, publicJwks, 0o644],
  ] as const) {
    await writeFile(path, text, { mode, flag: 'wx' }).catch((error: NodeJS.ErrnoException) => {
      const why = error.code === 'EEXIST' ? 'it is there already: name another, or remove it' : error.message;
      throw new StartupError(`${path} cannot be written: ${why}`, { cause: error });
    });
    stack.defer(() => rm(path, { force: true }));
  }
  stack.move();
}

/**
 * Reads a private key.
 * @throws StartupError when it is invalid or others than its owner may read it
 */
export async function readPrivateKey(path: string): Promise<JWK> {
  const fail = (why: string, cause?: unknown) => {
    throw new StartupError(`The private key ${path} cannot be used: ${why}`, { cause });
  };
  const text = (await readFile(path, 'utf8').catch((error: Error) => fail(error.message, error))) as string;
  const key = parseKey(text);
  if (!key) return fail('it is not a private Ed25519 key in JWK form') as never;
  // Checked for keys only: another file at this path may have to be readable.
  if ((await stat(path)).mode & 0o077) fail(`others than its owner may read it: run chmod 600 ${path}`);
  return key;
}

function parseKey(text: string): JWK | undefined {
  try {
    const key = JSON.parse(text) as JWK | null;
    return key?.kty === 'OKP' && key.crv === 'Ed25519' && key.d ? key : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Signs a token.
 * @throws StartupError when the caller's name is invalid or the lifetime is out of bounds
 */
export async function mintToken(
  key: JWK,
  { caller, audience, ttlSeconds }: TokenRequest,
  nowMs: number = Date.now(),
): Promise<string> {
  if (!isCallerId(caller))
    throw new StartupError(
      `"${caller}" cannot name a caller: give a SPIFFE id, or a name of a-z, 0-9, ".", "_", "-"`,
    );
  if (!Number.isInteger(ttlSeconds) || ttlSeconds < 1 || ttlSeconds > MAX_TOKEN_SECONDS)
    throw new StartupError(`A token lives from 1 second to an hour, not ${ttlSeconds} seconds`);
  const issuedAt = Math.floor(nowMs / 1000);
  return await new SignJWT()
    .setProtectedHeader({ alg: 'EdDSA', typ: 'JWT', ...(key.kid && { kid: key.kid }) })
    .setSubject(caller)
    .setAudience(audience)
    .setIssuedAt(issuedAt)
    .setExpirationTime(issuedAt + ttlSeconds)
    .sign(await importJWK(key, 'EdDSA'));
}

/**
 * Creates a source of tokens for a client: it renews the token after most of its lifetime. Renews at once
 * when the clock goes back before the issue of the token, because services would refuse it.
 * @param now milliseconds since 1970
 */
export function createTokenSource(
  key: JWK,
  request: TokenRequest,
  now: () => number = Date.now,
): () => Promise<string> {
  let token: Promise<string> | undefined;
  let mintedAtMs = 0;
  let mintedAtUptimeMs = 0;
  const usedMs = request.ttlSeconds * 1000 * RENEW_AT;
  return () => {
    const nowMs = now();
    // By both clocks: the clock of the machine may have gone back by less than the token's age.
    const ageMs = Math.max(nowMs - mintedAtMs, performance.now() - mintedAtUptimeMs);
    if (token && nowMs >= mintedAtMs && ageMs < usedMs) return token;
    mintedAtMs = nowMs;
    mintedAtUptimeMs = performance.now();
    token = mintToken(key, request, nowMs);
    return token;
  };
}
