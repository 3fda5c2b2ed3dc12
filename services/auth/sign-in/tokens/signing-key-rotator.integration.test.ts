import { createLogger, Secret } from '@rollcall/runtime';
import { createPool, type Pool } from '@rollcall/runtime/postgres';
import { createKeyring, makeKey } from '@rollcall/runtime/sealing';
import { createTestDatabase, type TestDatabase } from '@rollcall/runtime/testing';
import { decodeJwt, type JWTPayload, SignJWT } from 'jose';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createPostgresSigningKeys } from '../postgres/signing-keys.ts';
import { createAccessTokens } from './access-token.ts';
import { createSigningKeyRotator } from './signing-key-rotator.ts';

const PARTIES = { issuer: 'rollcall', audience: 'rollcall' };
const claims = {
  tenantId: 'acme',
  userId: '0190b0d5-4a1c-7e2f-8c3d-0123456789ab',
  role: 'CUSTOMER',
  sessionId: '0190b0d5-4a1c-7e2f-8c3d-0123456789ac',
} as const;
const SCHEDULE = { signingMs: 1000, publishAheadMs: 100, publishBehindMs: 50 };
const [OLD, NEW] = [makeKey('k1'), makeKey('k2')];
const indexKeys = new Secret(makeKey('i1'));
const ringOf = (keys: string) => createKeyring({ encryptionKeys: new Secret(keys), indexKeys });

let database: TestDatabase;
let pool: Pool;
let now = 0;

beforeEach(async () => {
  now = Date.now();
  database = await createTestDatabase('auth');
  const logger = createLogger({ service: 'test', level: 'silent' });
  pool = createPool({ url: new Secret(database.url), maxConnections: 5, statementTimeoutMs: 5000, logger });
});

afterEach(async () => {
  await pool.end();
  await database[Symbol.asyncDispose]();
});

const open = (keys = OLD) =>
  createSigningKeyRotator(createPostgresSigningKeys(pool, ringOf(keys)), {
    schedule: SCHEDULE,
    pollMs: 3_600_000,
    onError: () => expect.fail('no look in the background is due'),
    now: () => new Date(now),
  });

it('agrees on one key, however many processes start at once', async () => {
  const keepers = await Promise.all(Array.from({ length: 10 }, () => open()));
  for (const keeper of keepers) await keeper.refresh();
  expect(new Set(keepers.map((keeper) => keeper.signingKey().id)).size).toBe(1);
  expect(keepers[0]?.publishedKeys()).toHaveLength(1);
  for (const keeper of keepers) keeper[Symbol.dispose]();
});

it('rotates while tokens of the key before are still accepted, also by a process that does not know the new key yet', async () => {
  using one = await open();
  using other = await open();
  const [ours, theirs] = [createAccessTokens(one, PARTIES), createAccessTokens(other, PARTIES)];
  const { token: before } = await ours.sign(claims);
  const first = one.signingKey().id;
  now += 950;
  await one.refresh();
  expect(one.publishedKeys()).toHaveLength(2);
  expect(one.signingKey().id).toBe(first);
  // Late: the next key is published for its whole time all the same.
  now += 110;
  expect(one.signingKey().id).not.toBe(first);
  const { token: after } = await ours.sign(claims);
  // The other process has not read the new key yet.
  expect(other.publishedKeys()).toHaveLength(1);
  expect(await theirs.verify(after)).toEqual(claims);
  expect(await theirs.verify(before)).toEqual(claims);
  now += 100;
  await other.refresh();
  expect(other.publishedKeys()).toHaveLength(1);
  await expect(theirs.verify(before)).rejects.toMatchObject({ reason: 'ACCESS_TOKEN_INVALID' });
  expect(await theirs.verify(after)).toEqual(claims);
});

it('B8: signs and verifies when the clock has gone back behind every key', async () => {
  using keeper = await open();
  const tokens = createAccessTokens(keeper, PARTIES, () => now);
  const { token: before } = await tokens.sign(claims);
  now -= 3_600_000;
  const { token: after } = await tokens.sign(claims);
  await keeper.refresh();
  expect(await tokens.verify(after)).toEqual(claims);
  expect(await tokens.verify(before)).toEqual(claims);
});

it('B10: accepts an access token for its own audience only', async () => {
  using keeper = await open();
  const tokensFor = (audience: string) => createAccessTokens(keeper, { ...PARTIES, audience });
  const { token } = await tokensFor('rollcall').sign(claims);
  expect(decodeJwt(token).aud).toBe('rollcall');
  expect(await tokensFor('rollcall').verify(token)).toEqual(claims);
  await expect(tokensFor('shop').verify(token)).rejects.toMatchObject({ reason: 'ACCESS_TOKEN_INVALID' });
});

describe('B10: a genuine access token', () => {
  const payload = { iss: 'rollcall', aud: 'rollcall', tenant: 'acme', role: 'CUSTOMER', exp: 9e9 };
  const ids = { sub: claims.userId, sid: claims.sessionId };

  it.each<[string, object]>([
    ['no audience', { aud: undefined }],
    ['an audience that is an object', { aud: { rollcall: true } }],
    ['a list of other audiences', { aud: ['shop', ['rollcall']] }],
    ['a subject that is a list', { sub: [claims.userId] }],
    ['a subject that is no id', { sub: 'ada' }],
    ['a session that is no id', { sid: "' or 1=1" }],
    ['a tenant that is a number', { tenant: 7 }],
    ['a role that is null', { role: null }],
    ['an end that is text', { exp: '9e9' }],
    ['no end', { exp: undefined }],
  ])('with %s is refused, and nothing else is thrown', async (_, odd) => {
    using keeper = await open();
    const { id: kid, key } = keeper.signingKey();
    const token = await new SignJWT({ ...payload, ...ids, ...odd } as JWTPayload)
      .setProtectedHeader({ alg: 'EdDSA', typ: 'at+jwt', kid })
      .sign(key);
    const tokens = createAccessTokens(keeper, PARTIES);
    await expect(tokens.verify(token)).rejects.toMatchObject({ reason: 'ACCESS_TOKEN_INVALID' });
  });
});

it('reads the keys for tokens of unknown keys no more than once in a while', async () => {
  using keeper = await open();
  let looks = 0;
  const query = pool.query.bind(pool);
  pool.query = ((...args: Parameters<typeof query>) => {
    looks++;
    return query(...args);
  }) as typeof pool.query;
  for (let i = 0; i < 20; i++) expect(await keeper.verificationKey(`made-up-${i}`)).toBeUndefined();
  expect(looks).toBe(1);
});

it('keeps private halves sealed, and opens them only with the keys that sealed them', async () => {
  (await open())[Symbol.dispose]();
  const { rows } = await pool.query('select * from signing_keys');
  const sealed: Buffer = rows[0].private_key_sealed;
  const { privateKey = '' } = (await createPostgresSigningKeys(pool, ringOf(OLD)).list())[0] ?? {};
  expect(privateKey).toHaveLength(64);
  expect(sealed.includes(Buffer.from('k1'))).toBe(true);
  expect(sealed.includes(Buffer.from(privateKey, 'base64').subarray(-32))).toBe(false);
  expect(sealed.includes(privateKey)).toBe(false);
  using keeper = await open(`${NEW},${OLD}`);
  expect(keeper.signingKey().id).toBe(rows[0].id);
  await expect(open(NEW)).rejects.toMatchObject({ reason: 'KEY_UNKNOWN' });
});
