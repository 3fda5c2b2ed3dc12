import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { readFile, rm, stat, writeFile } from 'node:fs/promises';
import { importJWK, type JWK, SignJWT } from 'jose';
import { StartupError } from '../startup-error.ts';
import { isCallerId } from './caller-id.ts';
import { MAX_TOKEN_SECONDS } from './service-token.ts';

// The last part of a token's life is left unused, so that one in hand does not expire on its way.
const RENEW_AT = 0.7;

/** For whom a token is, and for how long. */
export interface TokenRequest {
  readonly caller: string;
  /** The service that shall take it. */
  readonly audience: string;
  readonly ttlSeconds: number;
}

/** Makes an Ed25519 key pair: the private key for one file, the public key as a JWKS for another. */
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
 * Writes a key pair into two new files, the private one for its owner alone; both or none.
 * @throws StartupError where one is there, or cannot be written
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

/** Reads a private key. Throws StartupError where it is none, or others than its owner may read it. */
export async function readPrivateKey(path: string): Promise<JWK> {
  const fail = (why: string, cause?: unknown) => {
    throw new StartupError(`The private key ${path} cannot be used: ${why}`, { cause });
  };
  const text = (await readFile(path, 'utf8').catch((error: Error) => fail(error.message, error))) as string;
  const key = parseKey(text);
  if (!key) return fail('it is not a private Ed25519 key in JWK form') as never;
  // Said of a key alone: what else lies at this path may have to be read by others.
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

/** Signs a token. Throws StartupError where the caller cannot be one, or the life is out of bounds. */
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
 * A source of tokens for a client: one token until most of its life is over, then the next. Where the machine's clock went back
 * behind the beginning of a token, services would refuse it, and the next is made at once.
 * @param now in ms since 1970.
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
    // By either clock: the machine's may have gone back by less than the token's age.
    const ageMs = Math.max(nowMs - mintedAtMs, performance.now() - mintedAtUptimeMs);
    if (token && nowMs >= mintedAtMs && ageMs < usedMs) return token;
    mintedAtMs = nowMs;
    mintedAtUptimeMs = performance.now();
    token = mintToken(key, request, nowMs);
    return token;
  };
}
