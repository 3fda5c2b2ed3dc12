import { join } from 'node:path';
import { type Secret, StartupError } from '@rollcall/runtime';
import { makeKey } from '@rollcall/runtime/sealing';
import { LOCAL_SETTINGS } from '../settings.ts';
import { makeKeptFile, readKeptFile } from './secret-file.ts';

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
