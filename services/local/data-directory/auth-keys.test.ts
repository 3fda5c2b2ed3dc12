import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Secret, StartupError } from '@rollcall/runtime';
import { makeKey } from '@rollcall/runtime/sealing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { KEYS_FILE, readOrCreateAuthKeys } from './secrets.ts';

describe('readOrCreateAuthKeys', () => {
  let directory = '';

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'rollcall-keys-'));
  });

  afterEach(() => {
    rmSync(directory, { recursive: true });
  });

  it('makes keys that only their owner may read, and has the same ones the next time', () => {
    const keys = readOrCreateAuthKeys(directory, {});
    expect(readOrCreateAuthKeys(directory, {})).toEqual(keys);
    expect(keys.AUTH_ENCRYPTION_KEYS).toMatch(/^k1:/);
    expect(readdirSync(directory)).toEqual([KEYS_FILE]);
    expect(statSync(join(directory, KEYS_FILE)).mode & 0o777).toBe(0o600);
  });

  it('takes those that the settings name, and keeps them nowhere', () => {
    const [one, other] = [makeKey('mine'), makeKey('mine')];
    const settings = { authEncryptionKeys: new Secret(one), authIndexKeys: new Secret(other) };
    expect(readOrCreateAuthKeys(directory, settings)).toEqual({
      AUTH_ENCRYPTION_KEYS: one,
      AUTH_INDEX_KEYS: other,
    });
    expect(readdirSync(directory)).toEqual([]);
  });

  it.each(['nothing', '{}', '{"AUTH_ENCRYPTION_KEYS":"k1:short"}'])(
    'does not go on with a file of %s, nor overwrite it',
    (text) => {
      writeFileSync(join(directory, KEYS_FILE), text);
      expect(() => readOrCreateAuthKeys(directory, {})).toThrow(StartupError);
      expect(readFileSync(join(directory, KEYS_FILE), 'utf8')).toBe(text);
    },
  );
});
