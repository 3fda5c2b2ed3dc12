import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AuthService } from '@rollcall/contract/auth';
import { createTestDatabase } from '@rollcall/runtime/testing';
import { createServiceClient } from '@rollcall/transport';
import { expect, it } from 'vitest';
import { startService } from '../testing/process.ts';

const EMAIL = 'zephyrine.quux@example.com';
const PASSWORD = 'correct horse battery';
const WRONG = 'incorrect donkey charger';

it('people sign in, and no password, token, address or mail reaches the log of the process at any level', async () => {
  await using stack = new AsyncDisposableStack();
  const database = stack.use(await createTestDatabase('auth'));
  const directory = await mkdtemp(join(tmpdir(), 'rollcall-mail-'));
  stack.defer(() => rm(directory, { recursive: true }));
  const service = await startService('auth', {
    AUTH_DATABASE_URL: database.url,
    AUTH_MAIL_DIRECTORY: directory,
    LOG_LEVEL: 'trace',
  });
  stack.use(service);
  const people = createServiceClient(AuthService, {
    address: `127.0.0.1:${service.grpcPort}`,
    defaultTimeoutMs: 10_000,
  });
  stack.defer(() => people.close());
  const seen = new Set<string>();
  const nextToken = async () => {
    const unread = async () =>
      (await readdir(directory)).filter((name) => /\.eml$/.test(name) && !seen.has(name));
    await expect.poll(unread, { timeout: 10_000 }).toHaveLength(1);
    const [name = ''] = await unread();
    seen.add(name);
    return /^([\w-]{43})\r$/m.exec(await readFile(join(directory, name), 'utf8'))?.[1] ?? '';
  };

  const person = { tenantId: 'acme', email: EMAIL, password: PASSWORD };
  await people.register(person);
  const verification = await nextToken();
  await people.verifyEmail({ tenantId: 'acme', token: verification });
  const { session: first } = await people.signIn(person);
  const refused = [
    people.signIn({ ...person, password: WRONG }),
    people.register({ ...person, password: 'short', firstName: PASSWORD }),
    people.verifyEmail({ tenantId: 'acme', token: verification }),
  ];
  const answers = await Promise.allSettled(refused);
  expect(answers.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
  const used = { tenantId: 'acme', refreshToken: first?.refreshToken ?? '' };
  const { session: second } = await people.refreshSession(used);
  await expect(people.refreshSession(used)).rejects.toThrow(/session_?over|session is over/i);
  await people.requestPasswordReset({ tenantId: 'acme', email: EMAIL });
  const reset = await nextToken();
  await service.kill('SIGTERM');

  const log = service.output();
  expect(log).toContain('AuthService/SignIn');
  expect(log).toContain('a refresh token came a second time');
  const tokens = [first, second].flatMap((each) => [each?.accessToken ?? '', each?.refreshToken ?? '']);
  const secrets = [
    EMAIL,
    PASSWORD,
    WRONG,
    verification,
    reset,
    ...tokens,
    'Confirm your address',
    'enter this code',
  ];
  for (const secret of secrets) {
    expect(secret.length).toBeGreaterThan(10);
    expect(log.toLowerCase()).not.toContain(secret.toLowerCase());
  }
});
