import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { createClient } from '@connectrpc/connect';
import { createConnectTransport } from '@connectrpc/connect-node';
import { RetryInfoSchema } from '@rollcall/contract';
import { AuthService } from '@rollcall/contract/auth';
import { expectRefusal, freshTenant, seedUser } from '@rollcall/contract/testing';
import { UserState } from '@rollcall/contract/user';
import { createLocalJWKSet, decodeProtectedHeader, type JSONWebKeySet, jwtVerify } from 'jose';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { type AuthWithMail, registerUser, startAuthWithMail } from '../testing/mailbox.ts';
import { hashArgon2id } from './passwords/argon2id.ts';

let auth: AuthWithMail;

beforeAll(async () => {
  auth = await startAuthWithMail();
});

afterAll(() => auth[Symbol.asyncDispose]());

const PASSWORD = 'correct horse battery';
const OTHER_PASSWORD = 'staple mountain river';

const CREDENTIALS_WRONG = { code: 'Unauthenticated', reason: 'CREDENTIALS_WRONG' } as const;
const SESSION_OVER = { code: 'Unauthenticated', reason: 'SESSION_OVER' } as const;
const MAIL_TOKEN_INVALID = { code: 'FailedPrecondition', reason: 'MAIL_TOKEN_INVALID' } as const;
const ACCESS_TOKEN_INVALID = { code: 'Unauthenticated', reason: 'ACCESS_TOKEN_INVALID' } as const;
const TOO_MANY = { code: 'ResourceExhausted', reason: 'TOO_MANY_ATTEMPTS' } as const;

const stranger = () => ({
  tenantId: freshTenant(),
  email: `ada.${randomUUID()}@example.com`,
  password: PASSWORD,
});

async function member() {
  const person = stranger();
  return { ...person, userId: await registerUser(auth, person) };
}

const signIn = async (person: { tenantId: string; email: string; password: string }) => {
  const { session } = await auth.signIn.signIn(person);
  if (!session) throw new Error('no session');
  return session;
};

describe.each(['gRPC', 'HTTP'])('a user, over %s', (protocol) => {
  const open = () =>
    protocol === 'gRPC'
      ? createClient(AuthService, auth.transport)
      : createClient(
          AuthService,
          createConnectTransport({ baseUrl: auth.baseUrl, httpVersion: '1.1', useBinaryFormat: false }),
        );

  it('registers, verifies, signs in, refreshes, changes and resets the password, signs out', async () => {
    const client = open();
    const { tenantId, email, password } = stranger();
    await client.register({ tenantId, email, password, firstName: 'Ada', lastName: 'Lovelace' });
    await expectRefusal(client.signIn({ tenantId, email, password }), CREDENTIALS_WRONG);
    const { token } = await auth.mails.next(email);
    const { userId } = await client.verifyEmail({ tenantId, token });
    await expectRefusal(client.verifyEmail({ tenantId, token }), MAIL_TOKEN_INVALID);

    const { session: first } = await client.signIn({ tenantId, email: email.toUpperCase(), password });
    expect(first).toMatchObject({ userId, emailVerified: true });
    const { session: second } = await client.refreshSession({
      tenantId,
      refreshToken: first?.refreshToken ?? '',
    });
    expect(second?.sessionId).toBe(first?.sessionId);
    const { nothingToVerify } = await client.requestEmailVerification({
      accessToken: second?.accessToken ?? '',
    });
    expect(nothingToVerify).toBe(true);

    const change = { accessToken: second?.accessToken ?? '', currentPassword: password };
    await client.changePassword({ ...change, newPassword: OTHER_PASSWORD });
    expect((await auth.mails.next(email)).subject).toBe('Your password was changed');
    await expectRefusal(client.signIn({ tenantId, email, password }), CREDENTIALS_WRONG);

    await client.requestPasswordReset({ tenantId, email });
    const reset = await auth.mails.next(email);
    await client.resetPassword({ tenantId, token: reset.token, newPassword: PASSWORD });
    await expectRefusal(
      client.resetPassword({ tenantId, token: reset.token, newPassword: PASSWORD }),
      MAIL_TOKEN_INVALID,
    );
    await expectRefusal(
      client.refreshSession({ tenantId, refreshToken: second?.refreshToken ?? '' }),
      SESSION_OVER,
    );

    const { session: third } = await client.signIn({ tenantId, email, password });
    await client.signOut({ tenantId, refreshToken: third?.refreshToken ?? '' });
    await client.signOut({ tenantId, refreshToken: third?.refreshToken ?? '' });
    await expectRefusal(
      client.refreshSession({ tenantId, refreshToken: third?.refreshToken ?? '' }),
      SESSION_OVER,
    );
    expect((await client.getSigningKeys({})).keys).toHaveLength(1);
  });

  it.each([
    ['email', { email: 'not-one', password: PASSWORD }],
    ['password', { email: stranger().email, password: 'short' }],
  ])('has its %s refused by name, and never repeated', async (field, fields) => {
    const error = await expectRefusal(open().register({ tenantId: 'acme', ...fields }), {
      ...{ code: 'InvalidArgument', reason: 'FIELD_INVALID', fields: [field] },
    });
    expect(error.message).not.toMatch(/not-one|short/);
  });
});

describe('an access token', () => {
  it('is verified by the key set at /.well-known/jwks.json, and names its user', async () => {
    const person = await member();
    const session = await signIn(person);
    const response = await fetch(`${auth.baseUrl}/.well-known/jwks.json`);
    expect(response.headers.get('content-type')).toBe('application/json');
    const keySet = (await response.json()) as JSONWebKeySet;
    const { payload, protectedHeader } = await jwtVerify(session.accessToken, createLocalJWKSet(keySet), {
      issuer: 'rollcall',
      audience: 'rollcall',
      typ: 'at+jwt',
    });
    expect(payload).toMatchObject({
      sub: person.userId,
      tenant: person.tenantId,
      role: 'CUSTOMER',
      sid: session.sessionId,
    });
    expect(Number(payload.exp) - Number(payload.iat)).toBe(600);
    const { keys } = await auth.signIn.getSigningKeys({});
    expect(keySet.keys).toEqual(keys.map(({ keyId, x }) => expect.objectContaining({ kid: keyId, x })));
    expect(keys.map(({ keyId }) => keyId)).toContain(protectedHeader.kid);
    expect(Object.keys(keySet.keys[0] ?? {})).not.toContain('d');
  });

  it('is refused when it was changed, or when its session is over', async () => {
    const person = await member();
    const { accessToken, refreshToken } = await signIn(person);
    const [header, , signature] = accessToken.split('.');
    const claims = Buffer.from(JSON.stringify({ ...person, sub: person.userId, exp: 9e9 })).toString(
      'base64url',
    );
    const forged = `${header}.${claims}.${signature}`;
    const none = `${Buffer.from('{"alg":"none"}').toString('base64url')}.${claims}.`;
    expect(decodeProtectedHeader(forged).alg).toBe('EdDSA');
    for (const token of [forged, none, 'nonsense']) {
      await expectRefusal(auth.signIn.requestEmailVerification({ accessToken: token }), ACCESS_TOKEN_INVALID);
    }
    await auth.signIn.signOut({ tenantId: person.tenantId, refreshToken, everywhere: true });
    await expectRefusal(auth.signIn.requestEmailVerification({ accessToken }), ACCESS_TOKEN_INVALID);
  });
});

describe('a refresh token', () => {
  it('ends its whole session when it comes a second time, the newest token included', async () => {
    const person = await member();
    const { tenantId } = person;
    const { refreshToken: first } = await signIn(person);
    const { session } = await auth.signIn.refreshSession({ tenantId, refreshToken: first });
    const second = session?.refreshToken ?? '';
    await expectRefusal(auth.signIn.refreshSession({ tenantId, refreshToken: first }), SESSION_OVER);
    await expectRefusal(auth.signIn.refreshSession({ tenantId, refreshToken: second }), SESSION_OVER);
    const [row] = await auth.query('select revoke_reason from sessions where id = $1', [session?.sessionId]);
    expect(row).toEqual({ revoke_reason: 'TOKEN_REUSED' });
  });

  it('is valid once, however many calls use it at once', async () => {
    const person = await member();
    const { tenantId } = person;
    const { refreshToken } = await signIn(person);
    const answers = await Promise.allSettled(
      Array.from({ length: 8 }, () => auth.signIn.refreshSession({ tenantId, refreshToken })),
    );
    const good = answers.filter(({ status }) => status === 'fulfilled') as PromiseFulfilledResult<
      Awaited<ReturnType<typeof auth.signIn.refreshSession>>
    >[];
    expect(good).toHaveLength(1);
    const next = good[0]?.value.session?.refreshToken ?? '';
    await expectRefusal(auth.signIn.refreshSession({ tenantId, refreshToken: next }), SESSION_OVER);
  });

  it('is worth nothing in another tenant, nor once the session is old', async () => {
    const person = await member();
    const { tenantId } = person;
    const { refreshToken, sessionId } = await signIn(person);
    await expectRefusal(auth.signIn.refreshSession({ tenantId: freshTenant(), refreshToken }), SESSION_OVER);
    await auth.query(`update sessions set refresh_time = now() - interval '8 days' where id = $1`, [
      sessionId,
    ]);
    await expectRefusal(auth.signIn.refreshSession({ tenantId, refreshToken }), SESSION_OVER);
  });

  it('ends all sessions of a user but the one that changed the password', async () => {
    const person = await member();
    const { tenantId } = person;
    const [mine, other] = [await signIn(person), await signIn(person)];
    const change = { accessToken: mine.accessToken, newPassword: OTHER_PASSWORD };
    await expectRefusal(
      auth.signIn.changePassword({ ...change, currentPassword: 'wrong' }),
      CREDENTIALS_WRONG,
    );
    await auth.signIn.changePassword({ ...change, currentPassword: PASSWORD });
    await expectRefusal(
      auth.signIn.refreshSession({ tenantId, refreshToken: other.refreshToken }),
      SESSION_OVER,
    );
    await auth.signIn.refreshSession({ tenantId, refreshToken: mine.refreshToken });
  });
});

describe('B8: when the clock of the process goes back', () => {
  afterEach(() => void vi.useRealTimers());

  it.each([
    ['two hours', 2 * 3_600_000],
    ['a minute', 60_000],
    ['to 1970', Date.now()],
  ])('%s, users sign in and refresh, with sessions from before and after', async (_, ms) => {
    const person = await member();
    const { tenantId } = person;
    const before = await signIn(person);
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() - ms });
    const { session } = await auth.signIn.refreshSession({ tenantId, refreshToken: before.refreshToken });
    const during = await signIn(person);
    expect(Number(during.sessionExpireTime?.seconds)).toBeGreaterThan(performance.timeOrigin / 1000);
    for (const { accessToken } of [session, during].filter((each) => each !== undefined))
      expect(await auth.signIn.requestEmailVerification({ accessToken })).toMatchObject({
        nothingToVerify: true,
      });
    const { session: next } = await auth.signIn.refreshSession({
      tenantId,
      refreshToken: during.refreshToken,
    });
    vi.useRealTimers();
    for (const refreshToken of [session?.refreshToken, next?.refreshToken])
      await auth.signIn.refreshSession({ tenantId, refreshToken: refreshToken ?? '' });
  });
});

describe('an unknown address', () => {
  it('is not told apart by Register: same answer, same hash, another mail, and the password stays', async () => {
    const person = await member();
    const { tenantId, email } = person;
    const unknown = `nobody.${randomUUID()}@example.com`;
    const ask = async (address: string) => {
      const before = await auth.hashes();
      const answer = await auth.signIn.register({ tenantId, email: address, password: OTHER_PASSWORD });
      return { answer, hashes: (await auth.hashes()) - before };
    };
    expect(await ask(email)).toEqual(await ask(unknown));
    expect((await ask(email)).hashes).toBe(1);
    const mail = await auth.mails.next(email);
    expect(mail).toMatchObject({ subject: 'You have an account already', token: '' });
    expect(await auth.mails.next(unknown)).toMatchObject({ subject: 'Confirm your address' });
    await expectRefusal(auth.signIn.signIn({ tenantId, email, password: OTHER_PASSWORD }), CREDENTIALS_WRONG);
    await signIn(person);
  });

  it('is not told apart by signing in after a registration', async () => {
    const { tenantId, email } = await member();
    const unknown = `nobody.${randomUUID()}@example.com`;
    const errors: string[] = [];
    for (const address of [email, unknown]) {
      await auth.signIn.register({ tenantId, email: address, password: OTHER_PASSWORD });
      const attempt = auth.signIn.signIn({ tenantId, email: address, password: OTHER_PASSWORD });
      errors.push((await expectRefusal(attempt, CREDENTIALS_WRONG)).rawMessage);
    }
    expect(new Set(errors).size).toBe(1);
  });

  it('is not told apart by SignIn: the same error, and one hash for every call', async () => {
    const known = await member();
    const suspended = await member();
    const { tenantId } = known;
    await auth.admin.updateUser({
      tenantId: suspended.tenantId,
      user: { id: suspended.userId, state: UserState.SUSPENDED },
      updateMask: { paths: ['state'] },
    });
    const passwordless = await seedUser(auth, tenantId);
    const attempts = [
      { ...known, password: 'wrong' },
      { ...known, email: `nobody.${randomUUID()}@example.com` },
      { ...known, email: 'no address at all' },
      { ...known, email: passwordless.email },
      suspended,
    ];
    const seen: unknown[] = [];
    for (const attempt of attempts) {
      const before = await auth.hashes();
      const error = await expectRefusal(auth.signIn.signIn(attempt), CREDENTIALS_WRONG);
      seen.push([error.rawMessage, (await auth.hashes()) - before]);
    }
    expect(seen).toEqual(Array(attempts.length).fill([expect.any(String), 1]));
    expect(new Set(seen.map(String)).size).toBe(1);
    const outcomes = await auth.query(
      `select outcome from sign_ins where tenant_id = any($1) and outcome <> 'SUCCEEDED' order by outcome`,
      [[tenantId, suspended.tenantId]],
    );
    expect(outcomes.map(({ outcome }) => outcome)).toEqual([
      'NOT_ACTIVE',
      'NO_PASSWORD',
      'UNKNOWN_ADDRESS',
      'UNKNOWN_ADDRESS',
      'WRONG_PASSWORD',
    ]);
  });

  it('is not told apart by RequestPasswordReset: the same answer, another mail', async () => {
    const { tenantId, email } = await member();
    const unknown = `nobody.${randomUUID()}@example.com`;
    const answers = [email, unknown].map((each) =>
      auth.signIn.requestPasswordReset({ tenantId, email: each }),
    );
    const [one, other] = await Promise.all(answers);
    expect(one).toEqual(other);
    expect((await auth.mails.next(email)).token).toHaveLength(43);
    expect(await auth.mails.next(unknown)).toMatchObject({
      subject: 'There is no account with this address',
      token: '',
    });
  });

  it('two-address-rules: gets no mail when no user may have it, and the same answer', async () => {
    const tenantId = freshTenant();
    const known = `nobody.${randomUUID()}@example.com`;
    const odd = [
      'ada@localhost',
      'a@x.co, b@x.co',
      'Ada <a@x.co>',
      'a@x.co\r\nBcc: b@x.co',
      'ada',
      'root@[127.0.0.1]',
    ];
    for (const email of [...odd, known])
      expect(await auth.signIn.requestPasswordReset({ tenantId, email })).toMatchObject({});
    await auth.mails.next(known);
    const waiting = () => auth.query('select 1 from mail_outbox where tenant_id = $1', [tenantId]);
    await expect.poll(waiting, { timeout: 30_000 }).toEqual([]);
    for (const email of odd) expect(await auth.mails.unread(email.replaceAll(/\p{Cc}/gu, ' '))).toEqual([]);
  });

  it('is not refused when several ask at once and none asks too often', async () => {
    const { email } = stranger();
    for (let i = 0; i < 25; i++) {
      const tenantId = freshTenant();
      const asks = [1, 2, 3].map(() => auth.signIn.requestPasswordReset({ tenantId, email }));
      await expect(Promise.all(asks)).resolves.toHaveLength(3);
    }
  });

  it('T3: is not told apart by the number of mails to it: past the limit, all answers stay the same', async () => {
    const { tenantId } = stranger();
    const email = `nobody.${randomUUID()}@example.com`;
    for (let i = 0; i < 8; i++) await auth.signIn.requestPasswordReset({ tenantId, email });
    // A mail is queued before the call is answered. The worker removes it from the queue after it has written
    // the file.
    const waiting = () => auth.query('select 1 from mail_outbox where tenant_id = $1', [tenantId]);
    await expect.poll(waiting, { timeout: 30_000 }).toEqual([]);
    // Three are free, and one more begins the wait.
    expect(await auth.mails.unread(email)).toHaveLength(4);
  });
});

describe('attempts', () => {
  it.each(['known', 'unknown'])('on a %s address are limited, also when they come at once', async (kind) => {
    const person = kind === 'known' ? await member() : stranger();
    const before = await auth.hashes();
    const wrong = { ...person, password: 'wrong' };
    const answers = await Promise.allSettled(Array.from({ length: 20 }, () => auth.signIn.signIn(wrong)));
    expect(answers.every(({ status }) => status === 'rejected')).toBe(true);
    // Five are free, and one more begins the wait of a second. On a slow machine one may find it over.
    expect((await auth.hashes()) - before).toBeLessThanOrEqual(8);
    await auth.query(
      `update throttles set blocked_until = now() + interval '1 minute' where tenant_id = $1 and kind = 'ACCOUNT'`,
      [person.tenantId],
    );
    const error = await expectRefusal(auth.signIn.signIn(person), TOO_MANY);
    const [retry] = error.findDetails(RetryInfoSchema);
    expect(Number(retry?.retryDelay?.seconds)).toBeGreaterThan(50);
  });

  it('wait twice as long each time, five minutes at most, and are forgotten by a sign-in', async () => {
    const person = await member();
    const { tenantId } = person;
    const past = () =>
      auth.query(`update throttles set blocked_until = now() where tenant_id = $1 and kind = 'ACCOUNT'`, [
        tenantId,
      ]);
    const waits: number[] = [];
    for (let i = 0; i < 16; i++) {
      await auth.signIn.signIn({ ...person, password: 'wrong' }).catch(() => undefined);
      const [row] = await auth.query(
        `select greatest(0, round(extract(epoch from blocked_until - update_time)))::int as wait from throttles
         where tenant_id = $1 and kind = 'ACCOUNT'`,
        [tenantId],
      );
      waits.push(Number(row?.wait));
      await past();
    }
    expect(waits).toEqual([0, 0, 0, 0, 0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300]);
    await signIn(person);
    const rows = await auth.query(`select 1 from throttles where tenant_id = $1 and kind = 'ACCOUNT'`, [
      tenantId,
    ]);
    expect(rows).toEqual([]);
  });

  it('expire one by one', async () => {
    const person = await member();
    const wrong = { ...person, password: 'wrong' };
    for (let i = 0; i < 5; i++) await expectRefusal(auth.signIn.signIn(wrong), CREDENTIALS_WRONG);
    // Half an hour takes one away, so one more is free, and the next begins the wait.
    const failures = async () => {
      const where = `tenant_id = $1 and kind = 'ACCOUNT'`;
      const [row] = await auth.query(
        `select round(failures)::int as failures, blocked_until > update_time + interval '0.5 s' as blocked from throttles where ${where}`,
        [person.tenantId],
      );
      return row;
    };
    await auth.query(
      `update throttles set update_time = update_time - interval '30 minutes', blocked_until = now()
       where tenant_id = $1 and kind = 'ACCOUNT'`,
      [person.tenantId],
    );
    await expectRefusal(auth.signIn.signIn(wrong), CREDENTIALS_WRONG);
    expect(await failures()).toEqual({ failures: 5, blocked: false });
    await expectRefusal(auth.signIn.signIn(wrong), CREDENTIALS_WRONG);
    expect(await failures()).toEqual({ failures: 6, blocked: true });
  });

  it('from one source are limited across addresses, and other sources are not', async () => {
    const person = await member();
    const { tenantId } = person;
    const from = (sourceAddress: string) => auth.signIn.signIn({ ...person, sourceAddress });
    const wrong = { ...stranger(), tenantId, sourceAddress: '2001:db8::1' };
    await expectRefusal(auth.signIn.signIn(wrong), CREDENTIALS_WRONG);
    await auth.query(
      `update throttles set blocked_until = now() + interval '1 minute' where tenant_id = $1 and kind = 'SOURCE'`,
      [tenantId],
    );
    await expectRefusal(from('2001:db8::2'), TOO_MANY);
    await from('2001:db8:0:1::2');
  });
});

describe('a user', () => {
  it('who is suspended neither signs in nor refreshes', async () => {
    const person = await member();
    const { tenantId } = person;
    const { refreshToken, accessToken, sessionId } = await signIn(person);
    const setState = (state: UserState) =>
      auth.admin.updateUser({
        tenantId,
        user: { id: person.userId, state },
        updateMask: { paths: ['state'] },
      });
    await setState(UserState.SUSPENDED);
    await expectRefusal(auth.signIn.refreshSession({ tenantId, refreshToken }), SESSION_OVER);
    await expectRefusal(auth.signIn.signIn(person), CREDENTIALS_WRONG);
    await expectRefusal(auth.signIn.requestEmailVerification({ accessToken }), ACCESS_TOKEN_INVALID);
    await setState(UserState.ACTIVE);
    const [row] = await auth.query('select revoke_reason from sessions where id = $1', [sessionId]);
    expect(row).toEqual({ revoke_reason: 'USER_NOT_ACTIVE' });
    await signIn(person);
  });

  it('who is deleted neither signs in nor refreshes, and signs in again after an undelete', async () => {
    const person = await member();
    const { tenantId, userId: id } = person;
    const { refreshToken } = await signIn(person);
    await auth.admin.deleteUser({ tenantId, id });
    await expectRefusal(auth.signIn.refreshSession({ tenantId, refreshToken }), SESSION_OVER);
    await expectRefusal(auth.signIn.signIn(person), CREDENTIALS_WRONG);
    await auth.admin.undeleteUser({ tenantId, id });
    expect(await signIn(person)).toMatchObject({ userId: id });
  });

  it('who was merged away signs in as the survivor, by the old address and the password of the survivor', async () => {
    const survivor = await member();
    const { tenantId, userId } = survivor;
    const away = { ...stranger(), tenantId, password: OTHER_PASSWORD };
    const plan = { survivorId: userId, loserId: await registerUser(auth, away) };
    const { mergeId } = await auth.admin.mergeUsers({ tenantId, plan });
    const session = await signIn({ ...away, password: PASSWORD });
    expect(session).toMatchObject({ userId, emailVerified: true });
    await expectRefusal(auth.signIn.signIn(away), CREDENTIALS_WRONG);
    expect(await signIn(survivor)).toMatchObject({ userId });
    await auth.admin.unmergeUsers({ tenantId, mergeId });
    expect(await signIn(away)).toMatchObject({ userId: plan.loserId });
    await expectRefusal(auth.signIn.signIn({ ...away, password: PASSWORD }), CREDENTIALS_WRONG);
  });

  it('who was merged twice signs in as the last survivor, while that user exists', async () => {
    const tenantId = freshTenant();
    const passwords = ['first of three words', 'second of three words', 'third of three words'];
    const users = passwords.map((password) => ({ ...stranger(), tenantId, password }));
    const ids: string[] = [];
    for (const person of users) ids.push(await registerUser(auth, person));
    const [first = '', second = '', last = ''] = ids;
    await auth.admin.mergeUsers({ tenantId, plan: { survivorId: second, loserId: first } });
    await auth.admin.mergeUsers({ tenantId, plan: { survivorId: last, loserId: second } });
    const [, , { password } = stranger()] = users;
    for (const { email, password: own } of users) {
      expect(await signIn({ tenantId, email, password })).toMatchObject({ userId: last });
      if (own !== password)
        await expectRefusal(auth.signIn.signIn({ tenantId, email, password: own }), CREDENTIALS_WRONG);
    }
    await auth.admin.deleteUser({ tenantId, id: last });
    for (const { email } of users) {
      await expectRefusal(auth.signIn.signIn({ tenantId, email, password }), CREDENTIALS_WRONG);
    }
    const failures = await auth.query(
      `select outcome, user_id from sign_ins where tenant_id = $1 and outcome <> 'SUCCEEDED' order by create_time`,
      [tenantId],
    );
    const wrong = { outcome: 'WRONG_PASSWORD', user_id: last };
    const unknown = { outcome: 'UNKNOWN_ADDRESS', user_id: null };
    expect(failures).toEqual([wrong, wrong, unknown, unknown, unknown]);
  });

  it('shows successful and failed sign-ins in the timeline', async () => {
    const person = await member();
    const { tenantId, userId: id } = person;
    await auth.signIn.signIn({ ...person, password: 'wrong' }).catch(() => undefined);
    await signIn(person);
    const { entries } = await auth.admin.listTimeline({ tenantId, id });
    expect(entries.map(({ entry }) => entry)).toMatchObject([
      { case: 'signIn', value: { succeeded: true, method: 'password' } },
      { case: 'signIn', value: { succeeded: false, method: 'password' } },
    ]);
  });

  it('who is erased leaves nothing, whatever is going on', async () => {
    const tables = [
      'credentials',
      'verified_emails',
      'sessions',
      'refresh_tokens',
      'sign_ins',
      'mail_tokens',
      'mail_outbox',
    ];
    for (let i = 0; i < 6; i++) {
      const person = await member();
      const { tenantId, email, userId: id } = person;
      const { refreshToken, accessToken } = await signIn(person);
      await auth.signIn.requestPasswordReset({ tenantId, email });
      const { token } = await auth.mails.next(email);
      const erase = () => auth.admin.eraseUser({ tenantId, id });
      // Again when two deadlocked; never behind the others.
      const erased = sleep(30 * i).then(() => erase().catch(erase));
      await Promise.allSettled([
        signIn(person),
        auth.signIn.signIn({ ...person, password: 'wrong' }),
        auth.signIn.resetPassword({ tenantId, token, newPassword: OTHER_PASSWORD }),
        auth.signIn.requestPasswordReset({ tenantId, email }),
        auth.signIn.requestEmailVerification({ accessToken }),
        erased,
        auth.signIn.refreshSession({ tenantId, refreshToken }),
      ]);
      await erased;
      for (const table of tables) {
        const rows = await auth.query(
          table === 'refresh_tokens'
            ? 'select 1 from refresh_tokens where tenant_id = $1'
            : `select 1 from ${table} where tenant_id = $1 and user_id is not null`,
          [tenantId],
        );
        expect([table, rows.length]).toEqual([table, 0]);
      }
      await expectRefusal(auth.signIn.signIn(person), CREDENTIALS_WRONG);
    }
  });

  it('who never had a password gets one by a reset', async () => {
    const tenantId = freshTenant();
    const { email, id } = await seedUser(auth, tenantId);
    await auth.signIn.requestPasswordReset({ tenantId, email });
    const { token } = await auth.mails.next(email);
    await auth.signIn.resetPassword({ tenantId, token, newPassword: PASSWORD });
    expect(await signIn({ tenantId, email, password: PASSWORD })).toMatchObject({
      userId: id,
      emailVerified: true,
    });
  });

  it('whose address changed has to verify the new one, and tokens sent to the old one are worth nothing', async () => {
    const person = await member();
    const { tenantId, userId } = person;
    await auth.signIn.requestPasswordReset({ tenantId, email: person.email });
    const { token: old } = await auth.mails.next(person.email);
    const email = `new.${randomUUID()}@example.com`;
    await auth.admin.updateUser({ tenantId, user: { id: userId, email }, updateMask: { paths: ['email'] } });
    await expectRefusal(
      auth.signIn.resetPassword({ tenantId, token: old, newPassword: OTHER_PASSWORD }),
      MAIL_TOKEN_INVALID,
    );
    const { accessToken, emailVerified, refreshToken } = await signIn({ ...person, email });
    expect(emailVerified).toBe(false);
    expect(await auth.signIn.requestEmailVerification({ accessToken })).toMatchObject({
      nothingToVerify: false,
    });
    const { token } = await auth.mails.next(email);
    await auth.signIn.verifyEmail({ tenantId, token });
    expect((await auth.signIn.refreshSession({ tenantId, refreshToken })).session?.emailVerified).toBe(true);
  });

  it('is created once, though two registrations of one address are verified at once', async () => {
    const { tenantId, email } = stranger();
    const tokens: string[] = [];
    for (const password of [PASSWORD, OTHER_PASSWORD]) {
      await auth.signIn.register({ tenantId, email, password });
      tokens.push((await auth.mails.next(email)).token);
    }
    const verified = await Promise.allSettled(
      tokens.map((token) => auth.signIn.verifyEmail({ tenantId, token })),
    );
    const reasons = verified.flatMap((each) => (each.status === 'rejected' ? [String(each.reason)] : []));
    expect(reasons).toEqual([expect.stringContaining('used or expired')]);
    expect(await auth.query('select 1 from users where tenant_id = $1', [tenantId])).toHaveLength(1);
    expect(await auth.query('select 1 from credentials where tenant_id = $1', [tenantId])).toHaveLength(1);
  });

  it('signs in with a hash of other parameters, which is then replaced', async () => {
    const person = await member();
    const weak = await hashArgon2id(PASSWORD, { memoryKib: 8, passes: 1, parallelism: 1 });
    await auth.query('update credentials set password_hash = $1 where user_id = $2', [weak, person.userId]);
    await signIn(person);
    const [row] = await auth.query('select password_hash from credentials where user_id = $1', [
      person.userId,
    ]);
    expect(row?.password_hash).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
    await signIn(person);
  });

  it('cannot take a common password', async () => {
    const refusal = { code: 'InvalidArgument', reason: 'PASSWORD_TOO_COMMON' } as const;
    for (const password of ['Password123!', '12345678', 'qwertyuiop']) {
      await expectRefusal(auth.signIn.register({ ...stranger(), password }), refusal);
    }
  });
});
