import { type Logger, StartupError } from '@rollcall/runtime';
import type { Pool } from '@rollcall/runtime/postgres';
import type { MetricReading } from '@rollcall/runtime/rpc';
import { SealingError } from '@rollcall/runtime/sealing';
import type { AuthConfig } from '../config.ts';
import type { ContactSeal } from '../postgres/rows/contact-seal.ts';
import type { WrittenUser } from '../postgres/users/postgres-user-writes.ts';
import type { UserReads } from '../users/reading/user-reads.ts';
import { createFileMailSender } from './mail/file-mail-sender.ts';
import { type MailWorker, startMailWorker } from './mail/mail-worker.ts';
import { createPasswordHasher, type PasswordHasher } from './passwords/password-hasher.ts';
import { deleteExpired } from './postgres/cleanup.ts';
import { createPostgresOutbox } from './postgres/mail-outbox.ts';
import { createSignInSeal } from './postgres/sign-in-seal.ts';
import { createPostgresSignInStore } from './postgres/sign-in-store.ts';
import { createPostgresSigningKeys } from './postgres/signing-keys.ts';
import { createPostgresThrottles } from './postgres/throttles.ts';
import type { SignInContext } from './sign-in-context.ts';
import { ACCESS_TOKEN_MS, createAccessTokens } from './tokens/access-token.ts';
import { createSigningKeyRotator, type SigningKeyRotator } from './tokens/signing-key-rotator.ts';
import type { KeySchedule } from './tokens/signing-keys.ts';

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;

// A key signs for a week. It is published an hour ahead, longer than verifiers cache a key set, and after its
// time for twice the life of its last tokens.
const SCHEDULE: KeySchedule = {
  signingMs: 7 * DAY_MS,
  publishAheadMs: 60 * MINUTE_MS,
  publishBehindMs: 2 * ACCESS_TOKEN_MS,
};

const KEYS_EVERY_MS = MINUTE_MS;
const CLEAN_EVERY_MS = 10 * MINUTE_MS;

interface SignInOptions {
  readonly config: AuthConfig;
  readonly pool: Pool;
  readonly contactSeal: ContactSeal;
  readonly reads: UserReads;
  readonly onCommitted: (written: readonly WrittenUser[]) => void;
  readonly logger: Logger;
}

/** The running sign-in, and its work in the background. */
interface RunningSignIn extends AsyncDisposable {
  readonly context: SignInContext;
  readonly keys: SigningKeyRotator;
  readMetrics(): readonly MetricReading[];
}

/**
 * Builds sign-in, and starts its work in the background: keys, mails, removal of expired rows.
 * @throws StartupError when no key opens the signing keys
 */
export async function startSignIn(options: SignInOptions): Promise<RunningSignIn> {
  const { config, pool, contactSeal, reads, logger } = options;
  await using stack = new AsyncDisposableStack();
  const seal = createSignInSeal(contactSeal.keyring);
  const keys = stack.use(
    await createSigningKeyRotator(createPostgresSigningKeys(pool, contactSeal.keyring), {
      schedule: SCHEDULE,
      pollMs: KEYS_EVERY_MS,
      onError: (error) => logger.warn({ error }, 'signing keys cannot be rotated; trying again'),
    }).catch(explainSealing),
  );
  const hasher = stack.use(await createPasswordHasher({ concurrency: config.passwordConcurrency }));
  const mails = startMails(options);
  if (mails) stack.use(mails);
  const cleaning = setInterval(() => void clean(pool, logger), CLEAN_EVERY_MS);
  cleaning.unref();
  stack.defer(() => clearInterval(cleaning));
  const listeners = { onCommitted: options.onCommitted, onMailQueued: () => mails?.wake() };
  const context: SignInContext = {
    reads,
    store: createPostgresSignInStore(pool, { seal, contactSeal }, listeners),
    throttles: createPostgresThrottles(pool, seal),
    hasher,
    tokens: createAccessTokens(keys, {
      issuer: config.tokenIssuer,
      audience: config.accessTokenAudience,
    }),
    onReuse: (session) =>
      logger.warn(
        session,
        'a refresh token came a second time: its session was ended, because one of its two holders is a thief',
      ),
  };
  const closers = stack.move();
  return {
    context,
    keys,
    readMetrics: () => readingsOf(hasher),
    [Symbol.asyncDispose]: () => closers.disposeAsync(),
  };
}

function explainSealing(error: unknown): never {
  if (!(error instanceof SealingError)) throw error;
  throw new StartupError(
    `AUTH_ENCRYPTION_KEYS does not open the signing keys in the database, which are sealed with key "${error.keyId}": add that key behind the others, or correct it`,
    { cause: error },
  );
}

function startMails({ config, pool, contactSeal, logger }: SignInOptions): MailWorker | undefined {
  if (config.mailDirectory === undefined) {
    logger.warn(
      'no mail is sent, because AUTH_MAIL_DIRECTORY is not set: users cannot register or reset a password',
    );
    return undefined;
  }
  return startMailWorker({
    outbox: createPostgresOutbox(pool, createSignInSeal(contactSeal.keyring)),
    sender: createFileMailSender(config.mailDirectory),
    logger,
  });
}

async function clean(pool: Pool, logger: Logger): Promise<void> {
  try {
    const mails = await deleteExpired(pool);
    if (mails > 0) logger.warn({ mails }, 'mails were given up: they could not be sent in time');
  } catch (error) {
    logger.warn({ error }, 'expired tokens, sessions and sign-ins cannot be removed; trying again');
  }
}

function readingsOf(hasher: PasswordHasher): readonly MetricReading[] {
  return [
    {
      name: 'rollcall_password_hashes_total',
      help: 'Passwords hashed, to store or to compare.',
      type: 'counter',
      labels: {},
      value: hasher.hashes,
    },
    {
      name: 'rollcall_password_hashes_waiting',
      help: 'Passwords that wait to be hashed.',
      type: 'gauge',
      labels: {},
      value: hasher.waiting,
    },
  ];
}
