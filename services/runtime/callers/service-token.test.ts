import { createPrivateKey, type JsonWebKey, sign as signWith } from 'node:crypto';
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
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
  it('names its caller, the second time synchronously', async () => {
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

  it('is refused after its expiry, even if it was accepted before', async () => {
    using tokens = await open();
    const token = await mintToken(key, about, NOW_MS);
    await tokens.verify(token);
    tokens.clock.nowMs += 606_000;
    expect(await faultOf(tokens.verify(token))).toMatch(/expired/);
  });

  it('is refused when it was made for another service', async () => {
    using tokens = await open();
    const token = await mintToken(key, { ...about, audience: 'billing' }, NOW_MS);
    expect(await faultOf(tokens.verify(token))).toMatch(/another service/);
  });

  it('B10: is refused when it is issued in the future, with a message about clocks', async () => {
    using tokens = await open();
    const issuedAt = NOW_MS / 1000 + 60;
    const token = await sign({ sub: 'booking', aud: 'auth', iat: issuedAt, exp: issuedAt + 60 });
    expect(await faultOf(tokens.verify(token))).toMatch(/in the future: check the clocks/);
  });

  it('is refused when it lives longer than an hour, even in its last minutes', async () => {
    using tokens = await open();
    const issuedAt = NOW_MS / 1000 - 7000;
    const token = await sign({ sub: 'booking', aud: 'auth', iat: issuedAt, exp: issuedAt + 7200 });
    expect(await faultOf(tokens.verify(token))).toMatch(/longer than 3600/);
  });

  it.each([
    ['that lives exactly an hour', 0, 3600, true],
    ['that lives a second longer', 0, 3601, false],
    ['from a clock that is as far ahead as clocks may be', 5, 65, true],
    ['from a clock that is further ahead', 6, 66, false],
  ])('%s is accepted or refused by its length and beginning alone', async (_, from, to, isTaken) => {
    using tokens = await open();
    const [iat, exp] = [from, to].map((seconds) => NOW_MS / 1000 + seconds);
    const attempt = tokens.verify(await sign({ sub: 'booking', aud: 'auth', iat, exp }));
    if (isTaken) expect(await attempt).toBe('booking');
    else await faultOf(attempt);
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

  it('is refused when its signature belongs to another key, is missing, or uses the public key as a secret', async () => {
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

  it('is not repeated in the error', async () => {
    using tokens = await open();
    const token = await mintToken(key, { ...about, audience: 'billing' }, NOW_MS);
    const message = await faultOf(tokens.verify(token));
    for (const part of token.split('.')) expect(message).not.toContain(part);
  });
});

describe('B10: a claim or a header of any type', () => {
  const good = { sub: 'booking', aud: 'auth', iat: NOW_MS / 1000, exp: NOW_MS / 1000 + 60 };
  const odd = fc.oneof(
    fc.constantFrom<unknown>(null, true, 0, -1, 1e308, '', 'booking', 'auth', [], {}),
    fc.constantFrom<unknown>(['booking'], [['booking']], ['auth', 7], { toString: 'booking' }, { length: 7 }),
    fc.jsonValue(),
  );

  it.each<[string, unknown]>([
    ['a list', ['booking']],
    ['a nested list', [['booking']]],
    ['a number', 7],
    ['an object', { 0: 'b', length: 1 }],
    ['null', null],
    ['true', true],
  ])('refuses a subject that is %s', async (_, sub) => {
    using tokens = await open();
    expect(await faultOf(tokens.verify(signRaw(JSON.stringify({ ...good, sub }))))).toMatch(/subject/);
  });

  it('results in the caller that it names or in a TokenFault', async () => {
    using tokens = await open();
    const names = fc.constantFrom(
      'sub',
      'aud',
      'exp',
      'nbf',
      'iat',
      'jti',
      'iss',
      '__proto__',
      'constructor',
    );
    const claims = fc.dictionary(names, odd, { maxKeys: 3, noNullPrototype: true });
    const headerNames = fc.constantFrom('alg', 'kid', 'crit', 'typ', 'b64', 'jwk', 'x5c', '__proto__');
    const header = fc.dictionary(headerNames, odd, { maxKeys: 2, noNullPrototype: true });
    await fc.assert(
      fc.asyncProperty(claims, header, async (oddClaims, oddHeader) => {
        const token = signRaw(JSON.stringify({ ...good, ...oddClaims }), oddHeader);
        const caller = await tokens.verify(token).catch((error: unknown) => error);
        // Generated text may be the id of another caller.
        const { sub } = { ...good, ...oddClaims };
        if (!(caller instanceof TokenFault)) expect(caller).toBe(sub);
      }),
      { numRuns: 500 },
    );
  });

  it.each([
    ['numbers beyond what a number holds', JSON.stringify(good).replace(/"exp":\d+/, '"exp":1e999')],
    ['a beginning without end', JSON.stringify(good).replace(/"iat":\d+/, '"iat":-1e999')],
    ['both', '{"sub":"booking","aud":"auth","iat":1e999,"exp":1e999}'],
    ['a claim twice, the second a list', '{"sub":"booking","sub":["booking"],"aud":"auth","iat":1,"exp":9}'],
    ['no object', '["booking"]'],
    ['null', 'null'],
    ['no JSON', '{"sub":'],
    ['100 levels', `${'['.repeat(100)}${']'.repeat(100)}`],
  ])('is refused where the claims are %s', async (_, text) => {
    using tokens = await open();
    await faultOf(tokens.verify(signRaw(text)));
  });
});

describe('the keys of callers', () => {
  it('are in force soon after the file was replaced, and the removed ones are not', async () => {
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

  it('stay in force when the file is replaced by one that is no key set', async () => {
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
    ['holds null', 'null', /at least one public key/],
    ['holds a list of null', '{"keys":[null]}', /not Ed25519/],
    [
      'holds a key of another length',
      '{"keys":[{"kty":"OKP","crv":"Ed25519","x":"AAAA"}]}',
      /not 32 bytes in base64url/,
    ],
    ['holds a key without x', '{"keys":[{"kty":"OKP","crv":"Ed25519"}]}', /not 32 bytes in base64url/],
    ['holds a key that is a list', '{"keys":[{"kty":"OKP","crv":"Ed25519","x":["A"]}]}', /not 32 bytes/],
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

// Signs what a library would refuse to sign.
function signRaw(claims: string, header: object = {}): string {
  const text = JSON.stringify({ alg: 'EdDSA', kid: key.kid, ...header });
  const signed = [text, claims].map((part) => Buffer.from(part).toString('base64url')).join('.');
  const privateKey = createPrivateKey({ key: key as JsonWebKey, format: 'jwk' });
  return `${signed}.${signWith(null, Buffer.from(signed), privateKey).toString('base64url')}`;
}
