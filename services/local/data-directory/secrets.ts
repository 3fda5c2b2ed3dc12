import { randomBytes } from 'node:crypto';
import { linkSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Secret, StartupError } from '@rollcall/runtime';
import { makeKey } from '@rollcall/runtime/sealing';
import { LOCAL_SETTINGS } from '../settings.ts';
import { errorCode } from './file-fault.ts';

/**
 * What a file holds that only its owner may read.
 * @returns undefined where there is none
 * @throws StartupError where it belongs to somebody else, or is no file
 */
export function readKeptFile(path: string): string | undefined {
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

/** Makes such a file, and answers what it holds. */
export function makeKeptFile(path: string, text: string): string {
  const draft = `${path}.${process.pid}`;
  try {
    writeFileSync(draft, text, { mode: 0o600 });
    // Whole or not at all, also when the start is killed here.
    linkSync(draft, path);
  } finally {
    rmSync(draft, { force: true });
  }
  return text;
}

/** Name of the file in the data directory that holds the keys of contact data. It stays when the database is emptied. */
export const KEYS_FILE = 'auth-keys.json';

/** The keys of contact data, by the environment variables that hand them over. */
export interface AuthKeys {
  readonly AUTH_ENCRYPTION_KEYS: string;
  readonly AUTH_INDEX_KEYS: string;
}

/**
 * The keys of contact data: those that the settings name, else those that lie in the data directory, made where there are none
 * yet and readable for their owner only.
 * @throws StartupError where they belong to somebody else or are spoiled
 */
export function keepAuthKeys(
  dataDirectory: string,
  settings: {
    readonly authEncryptionKeys?: Secret | undefined;
    readonly authIndexKeys?: Secret | undefined;
  },
): AuthKeys {
  const { authEncryptionKeys, authIndexKeys } = settings;
  const kept = authEncryptionKeys && authIndexKeys ? undefined : readOrMake(join(dataDirectory, KEYS_FILE));
  return {
    AUTH_ENCRYPTION_KEYS: authEncryptionKeys?.reveal() ?? (kept as AuthKeys).AUTH_ENCRYPTION_KEYS,
    AUTH_INDEX_KEYS: authIndexKeys?.reveal() ?? (kept as AuthKeys).AUTH_INDEX_KEYS,
  };
}

function readOrMake(path: string): AuthKeys {
  const text = readKeptFile(path) ?? make(path);
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

function make(path: string): string {
  const keys: AuthKeys = { AUTH_ENCRYPTION_KEYS: makeKey('k1'), AUTH_INDEX_KEYS: makeKey('i1') };
  return makeKeptFile(path, `${JSON.stringify(keys, null, 2)}\n`);
}

/** Name of the file in the data directory that holds it. `npm run stripe` finds it there. */
export const STRIPE_SECRET_FILE = 'stripe-webhook-secret';

/**
 * The secrets that events of Stripe are signed with: those of STRIPE_WEBHOOK_SECRETS, else one that lies in the data directory,
 * made where there is none yet and readable for its owner only. Whoever can read it can make billing believe an event.
 * @throws StartupError where it belongs to somebody else or is spoiled
 */
export function keepStripeSecret(dataDirectory: string, env: NodeJS.ProcessEnv): string {
  const given = env.STRIPE_WEBHOOK_SECRETS?.trim();
  if (given) return given;
  const path = join(dataDirectory, STRIPE_SECRET_FILE);
  const kept = (readKeptFile(path) ?? makeKeptFile(path, `${makeStripeSecret()}\n`)).trim();
  if (/^whsec_[\w-]{32,}$/.test(kept)) return kept;
  throw new StartupError(
    `${path} does not hold a secret as it should: delete it, and the next start makes one`,
  );
}

/** In the form that Stripe gives its own: `whsec_…`. */
function makeStripeSecret(): string {
  return `whsec_${randomBytes(32).toString('base64url')}`;
}
