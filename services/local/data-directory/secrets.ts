import { randomBytes } from 'node:crypto';
import { linkSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Secret, StartupError } from '@rollcall/runtime';
import { makeKey } from '@rollcall/runtime/sealing';
import { LOCAL_SETTINGS } from '../settings.ts';
import { errorCode } from './file-fault.ts';

/**
 * Reads a file that only its owner may read.
 * @returns undefined when it does not exist
 * @throws StartupError when it belongs to another user or is no file
 */
export function readSecretFile(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const code = errorCode(error);
    if (code === 'ENOENT') return undefined;
    const why =
      code === 'EACCES'
        ? 'belongs to another user: start as that user'
        : `cannot be read (${(error as Error).message}): put back the file that was there`;
    throw new StartupError(`${path} ${why}, or set ROLLCALL_DATA_DIR`, { cause: error });
  }
}

/** Creates a file that only its owner may read. Returns its text. */
export function createSecretFile(path: string, text: string): string {
  const draft = `${path}.${process.pid}`;
  try {
    writeFileSync(draft, text, { mode: 0o600 });
    // Atomic, also when the process is killed here.
    linkSync(draft, path);
  } finally {
    rmSync(draft, { force: true });
  }
  return text;
}

/** File in the data directory with the keys of contact data. It stays after a reset. */
export const KEYS_FILE = 'auth-keys.json';

/** Keys of contact data, by environment variable. */
export interface AuthKeys {
  readonly AUTH_ENCRYPTION_KEYS: string;
  readonly AUTH_INDEX_KEYS: string;
}

/**
 * Returns the keys of contact data: those of the settings, else those of the data directory, created at the
 * first call.
 * @throws StartupError when the file belongs to another user or is damaged
 */
export function readOrCreateAuthKeys(
  dataDirectory: string,
  settings: {
    readonly authEncryptionKeys?: Secret | undefined;
    readonly authIndexKeys?: Secret | undefined;
  },
): AuthKeys {
  const { authEncryptionKeys, authIndexKeys } = settings;
  const stored =
    authEncryptionKeys && authIndexKeys ? undefined : readOrCreateKeys(join(dataDirectory, KEYS_FILE));
  return {
    AUTH_ENCRYPTION_KEYS: authEncryptionKeys?.reveal() ?? (stored as AuthKeys).AUTH_ENCRYPTION_KEYS,
    AUTH_INDEX_KEYS: authIndexKeys?.reveal() ?? (stored as AuthKeys).AUTH_INDEX_KEYS,
  };
}

function readOrCreateKeys(path: string): AuthKeys {
  const text = readSecretFile(path) ?? createKeys(path);
  try {
    const { AUTH_ENCRYPTION_KEYS, AUTH_INDEX_KEYS } = JSON.parse(text) as Partial<AuthKeys>;
    for (const [setting, keys] of [
      [LOCAL_SETTINGS.authEncryptionKeys, AUTH_ENCRYPTION_KEYS],
      [LOCAL_SETTINGS.authIndexKeys, AUTH_INDEX_KEYS],
    ] as const) {
      if (!keys || !setting.parse(keys)) throw new Error('a list is missing');
    }
    return { AUTH_ENCRYPTION_KEYS, AUTH_INDEX_KEYS } as AuthKeys;
  } catch (cause) {
    throw new StartupError(
      `${path} does not hold the keys that it should, without which contact data cannot be read: put it back, or delete it and begin anew with "npm start -- --reset"`,
      { cause },
    );
  }
}

function createKeys(path: string): string {
  const keys: AuthKeys = { AUTH_ENCRYPTION_KEYS: makeKey('k1'), AUTH_INDEX_KEYS: makeKey('i1') };
  return createSecretFile(path, `${JSON.stringify(keys, null, 2)}\n`);
}

/** File in the data directory with the secret of Stripe's webhook. `npm run stripe` reads it. */
export const STRIPE_SECRET_FILE = 'stripe-webhook-secret';

/**
 * Returns the secrets that Stripe's events are signed with: those of STRIPE_WEBHOOK_SECRETS, else one of the
 * data directory, created at the first call. With this secret a forged event passes billing's check.
 * @throws StartupError when the file belongs to another user or is damaged
 */
export function readOrCreateStripeSecret(dataDirectory: string, env: NodeJS.ProcessEnv): string {
  const given = env.STRIPE_WEBHOOK_SECRETS?.trim();
  if (given) return given;
  const path = join(dataDirectory, STRIPE_SECRET_FILE);
  const secret = (readSecretFile(path) ?? createSecretFile(path, `${makeStripeSecret()}\n`)).trim();
  if (/^whsec_[\w-]{32,}$/.test(secret)) return secret;
  throw new StartupError(
    `${path} does not hold a secret as it should: delete it, and the next start makes one`,
  );
}

/** In Stripe's own form: `whsec_…`. */
function makeStripeSecret(): string {
  return `whsec_${randomBytes(32).toString('base64url')}`;
}
