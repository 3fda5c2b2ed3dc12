import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createClient, type Transport } from '@connectrpc/connect';
import { AuthService } from '@rollcall/contract/auth';
import { UserAdminService } from '@rollcall/contract/user';
import { readConfig } from '@rollcall/runtime';
import { createTestDatabase, openTestPool, TEST_KEYS } from '@rollcall/runtime/testing';
import { createGrpcTransport } from '@rollcall/transport';
import { expect, vi } from 'vitest';
import { AUTH_SETTINGS, createAuthService } from '../index.ts';

/** An auth service with a database and a mail directory of its own. */
export async function startAuthWithMail() {
  await using stack = new AsyncDisposableStack();
  const database = stack.use(await createTestDatabase('auth'));
  const pool = stack.use(openTestPool(database.url, 2));
  const mailDirectory = await mkdtemp(join(tmpdir(), 'rollcall-mail-'));
  stack.defer(() => rm(mailDirectory, { recursive: true }));
  const auth = stack.use(
    await createAuthService(
      readConfig(AUTH_SETTINGS, {
        ...TEST_KEYS,
        AUTH_DATABASE_URL: database.url,
        AUTH_GRPC_PORT: '0',
        AUTH_HTTP_PORT: '0',
        AUTH_MAIL_DIRECTORY: mailDirectory,
        LOG_LEVEL: 'silent',
      }),
    ),
  );
  const transport = stack.use(
    createGrpcTransport({ address: `127.0.0.1:${auth.servers.grpc.port}`, defaultTimeoutMs: 15_000 }),
  );
  const baseUrl = `http://127.0.0.1:${auth.servers.http.port}`;
  const closers = stack.move();
  return {
    ...clientsOver(transport),
    transport,
    baseUrl,
    query: async (text: string, values: unknown[] = []) => (await pool.query(text, values)).rows,
    mails: createMailbox(mailDirectory),
    hashes: async () => {
      const metrics = await (await fetch(`${baseUrl}/metrics`)).text();
      return Number(/^rollcall_password_hashes_total\S* (\d+)$/m.exec(metrics)?.[1]);
    },
    [Symbol.asyncDispose]: () => closers.disposeAsync(),
  };
}

/** A running auth service, and whoever asks it. */
export type AuthWithMail = Awaited<ReturnType<typeof startAuthWithMail>>;

/** Clients of people's sign-in, and of the console. */
export function clientsOver(transport: Transport) {
  return { people: createClient(AuthService, transport), admin: createClient(UserAdminService, transport) };
}

/** What lies in a mail directory. */
export function createMailbox(directory: string) {
  const read = new Set<string>();
  const unread = async (to: string) => {
    const names = (await readdir(directory)).filter((name) => name.endsWith('.eml') && !read.has(name));
    const mails = await Promise.all(
      names.map(async (name) => ({ name, text: await readFile(join(directory, name), 'utf8') })),
    );
    return mails.filter(({ text }) => text.includes(`To: ${to}\r\n`));
  };
  return {
    unread,
    /** The next mail to an address; fails where none comes. */
    async next(to: string): Promise<{ subject: string; text: string; token: string }> {
      // Not `expect.poll`, which hooks cannot use.
      await vi.waitFor(async () => expect(await unread(to)).not.toEqual([]), { timeout: 10_000 });
      const [mail] = await unread(to);
      if (!mail) throw new Error('the mail is gone');
      read.add(mail.name);
      const subject = /^Subject: (.*)\r$/m.exec(mail.text)?.[1] ?? '';
      return { subject, text: mail.text, token: /^([\w-]{43})\r$/m.exec(mail.text)?.[1] ?? '' };
    },
  };
}

/** Registers somebody and verifies the address. Answers the user's id. */
export async function registerPerson(
  { people, mails }: Pick<AuthWithMail, 'people' | 'mails'>,
  person: { tenantId: string; email: string; password: string },
): Promise<string> {
  await people.register({ ...person, firstName: 'Ada', lastName: 'Lovelace' });
  const { token } = await mails.next(person.email);
  return (await people.verifyEmail({ tenantId: person.tenantId, token })).userId;
}
