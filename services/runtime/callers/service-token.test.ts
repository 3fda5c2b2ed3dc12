import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type JWK, SignJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTokenVerifier, TokenFault, watchKeys } from './service-token.ts';
import { makeKeyPair, mintToken } from './token-keys.ts';

const NOW_MS = Date.parse('2026-01-01T00:00:00Z');
const variable = 'TEST_JWKS_FILE';
const pair = makeKeyPair();
const key = JSON.parse(pair.privateJwk) as JWK;
const about = { caller: 'booking', audience: 'auth', ttlSeconds: 600 };
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rollcall-tokens-'));
});
afterAll(() => rm(folder, { recursive: true }));

async function open(publicJwks = pair.publicJwks) {
  const path = join(folder, `${crypto.randomUUID()}.json`);
  await writeFile(path, publicJwks);
  const clock = { nowMs: NOW_MS };
  const keys = await watchKeys({ variable, path }, { onError: () => {}, pollMs: 20 });
  const verifier = createTokenVerifier(keys, { audience: 'auth', now: () => clock.nowMs });
  const verify = async (token: string) => await verifier.verify(token);
  return { clock, verify, verifier, path, [Symbol.dispose]: () => keys[Symbol.dispose]() };
}

async function faultOf(attempt: Promise<unknown>): Promise<string> {
  const error = await attempt.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(TokenFault);
  return (error as TokenFault).message;
}

describe('a service token', () => {
  it('tells who sent it, the second time at once', async () => {
    using tokens = await open();
    const token = await mintToken(key, about, NOW_MS);
    expect(await tokens.verify(token)).toBe('booking');
    expect(tokens.verifier.verify(token)).toBe('booking');
  });

  it('may name a SPIFFE id', async () => {
    using tokens = await open();
    const caller = 'spiffe://example.org/ns/prod/booking';
    expect(await tokens.verify(await mintToken(key, { ...about, caller }, NOW_MS))).toBe(caller);
  });

  it('is refused once it has expired, also where it was taken before', async () => {
    using tokens = await open();
    const token = await mintToken(key, about, NOW_MS);
    await tokens.verify(token);
    tokens.clock.nowMs += 606_000;
    expect(await faultOf(tokens.verify(token))).toMatch(/expired/);
  });

  it('is refused where it was made for another service', async () => {
    using tokens = await open();
    const token = await mintToken(key, { ...about, audience: 'billing' }, NOW_MS);
    expect(await faultOf(tokens.verify(token))).toMatch(/another service/);
  });

  it('is refused where it lives longer than an hour, also in its last minutes', async () => {
    using tokens = await open();
    const issuedAt = NOW_MS / 1000 - 7000;
    const token = await sign({ sub: 'booking', aud: 'auth', iat: issuedAt, exp: issuedAt + 7200 });
    expect(await faultOf(tokens.verify(token))).toMatch(/longer than 3600/);
  });

  it.each([
    ['no expiry', { sub: 'booking', aud: 'auth', iat: NOW_MS / 1000 }],
    ['no beginning', { sub: 'booking', aud: 'auth', exp: NOW_MS / 1000 + 60 }],
    ['no audience', { sub: 'booking', iat: NOW_MS / 1000, exp: NOW_MS / 1000 + 60 }],
    [
      'a subject that is none',
      { sub: 'Not A Caller', aud: 'auth', iat: NOW_MS / 1000, exp: NOW_MS / 1000 + 60 },
    ],
    [
      'the subject of everybody on loopback',
      { sub: 'local', aud: 'auth', iat: NOW_MS / 1000, exp: NOW_MS / 1000 + 60 },
    ],
  ])('is refused with %s', async (_, claims) => {
    using tokens = await open();
    await faultOf(tokens.verify(await sign(claims)));
  });

  it('is refused where its signature is another key’s, is none, or is made of the public key as a secret', async () => {
    using tokens = await open();
    const other = JSON.parse(makeKeyPair().privateJwk) as JWK;
    await faultOf(tokens.verify(await mintToken({ ...other, kid: key.kid as string }, about, NOW_MS)));
    const claims = { sub: 'booking', aud: 'auth', iat: NOW_MS / 1000, exp: NOW_MS / 1000 + 60 };
    const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
    await faultOf(tokens.verify(`${part({ alg: 'none' })}.${part(claims)}.`));
    const secret = Buffer.from(String(key.x), 'base64url');
    await faultOf(tokens.verify(await new SignJWT(claims).setProtectedHeader({ alg: 'HS256' }).sign(secret)));
    await faultOf(tokens.verify('nonsense'));
    await faultOf(tokens.verify('x'.repeat(5000)));
  });

  it('repeats nothing of itself in the fault', async () => {
    using tokens = await open();
    const token = await mintToken(key, { ...about, audience: 'billing' }, NOW_MS);
    const message = await faultOf(tokens.verify(token));
    for (const part of token.split('.')) expect(message).not.toContain(part);
  });
});

describe('the keys of callers', () => {
  it('are in force soon after the file was replaced, and those that are gone no longer', async () => {
    using tokens = await open();
    const token = await mintToken(key, about, NOW_MS);
    expect(await tokens.verify(token)).toBe('booking');
    const next = makeKeyPair();
    await writeFile(`${tokens.path}.new`, next.publicJwks);
    await rename(`${tokens.path}.new`, tokens.path);
    const nextToken = await mintToken(JSON.parse(next.privateJwk) as JWK, about, NOW_MS);
    await expect.poll(() => tokens.verify(nextToken).catch(() => 'refused')).toBe('booking');
    await faultOf(tokens.verify(token));
  });

  it('stay as they are where what replaces them is no key set', async () => {
    using tokens = await open();
    await writeFile(tokens.path, '{"keys":[]}');
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(await tokens.verify(await mintToken(key, about, NOW_MS))).toBe('booking');
  });

  it.each([
    ['is not there', undefined, /ENOENT/],
    ['holds a private key', JSON.stringify({ keys: [key] }), /private key/],
    ['holds keys of another kind', JSON.stringify({ keys: [{ kty: 'RSA' }] }), /not Ed25519/],
    ['holds nothing', '{}', /at least one public key/],
  ])('cannot come from a file that %s', async (_, content, words) => {
    const path = join(folder, `${crypto.randomUUID()}.json`);
    if (content !== undefined) await writeFile(path, content);
    const opening = watchKeys({ variable, path }, { onError: () => {} });
    await expect(opening).rejects.toThrow(words);
    await expect(opening).rejects.toThrow(variable);
  });
});

async function sign(claims: Record<string, unknown>): Promise<string> {
  const { importJWK } = await import('jose');
  return await new SignJWT(claims)
    .setProtectedHeader({ alg: 'EdDSA', kid: key.kid as string })
    .sign(await importJWK(key, 'EdDSA'));
}
