import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, vi } from 'vitest';
import { startAuth, type TestAuthService } from './start-auth.ts';

/** A mail, and the token in it. */
export interface ReceivedMail {
  readonly subject: string;
  readonly text: string;
  /** Empty: the mail has no token. */
  readonly token: string;
}

/** An auth service that sends mails, and the mails. */
export interface AuthWithMail extends TestAuthService {
  readonly mails: ReturnType<typeof createMailbox>;
  /** How many passwords the service has hashed. */
  hashes(): Promise<number>;
}

/** Starts an auth service with a database and a mail directory of its own. */
export async function startAuthWithMail(): Promise<AuthWithMail> {
  await using stack = new AsyncDisposableStack();
  const mailDirectory = await mkdtemp(join(tmpdir(), 'rollcall-mail-'));
  stack.defer(() => rm(mailDirectory, { recursive: true }));
  const env = { AUTH_MAIL_DIRECTORY: mailDirectory, AUTH_DATABASE_CONNECTIONS: '10' };
  const auth = stack.use(await startAuth({ env }));
  const closers = stack.move();
  return {
    ...auth,
    mails: createMailbox(mailDirectory),
    hashes: async () => Number(/^rollcall_password_hashes_total\S* (\d+)$/m.exec(await auth.metrics())?.[1]),
    [Symbol.asyncDispose]: () => closers.disposeAsync(),
  };
}

function createMailbox(directory: string) {
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
    /** The next mail to an address. Fails when none comes within 10 s. */
    async next(to: string): Promise<ReceivedMail> {
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

/** Registers a user and verifies the address. Answers the user's id. */
export async function registerUser(
  { signIn, mails }: Pick<AuthWithMail, 'signIn' | 'mails'>,
  user: { tenantId: string; email: string; password: string },
): Promise<string> {
  await signIn.register({ ...user, firstName: 'Ada', lastName: 'Lovelace' });
  const { token } = await mails.next(user.email);
  return (await signIn.verifyEmail({ tenantId: user.tenantId, token })).userId;
}
