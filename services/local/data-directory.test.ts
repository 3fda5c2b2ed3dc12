import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openDataDirectory } from './data-directory.ts';

describe('openDataDirectory', () => {
  let top = '';

  beforeEach(() => {
    top = mkdtempSync(join(tmpdir(), 'rollcall-data-'));
  });

  afterEach(() => {
    rmSync(top, { recursive: true });
  });

  it('makes the directory and lets one process at a time have it', () => {
    const wanted = join(top, 'a/b');
    {
      using directory = openDataDirectory(wanted);
      expect(existsSync(directory.path)).toBe(true);
      expect(directory.afterKill).toBe(false);
      expect(() => openDataDirectory(wanted)).toThrow(
        `Rollcall (process ${process.pid}) already runs on ${directory.path}: stop it, or set ROLLCALL_DATA_DIR`,
      );
    }
    using again = openDataDirectory(wanted);
    expect(again.afterKill).toBe(false);
  });

  it('knows that the start before was killed', () => {
    writeFileSync(join(top, 'launcher.lock'), '2147483646 1');
    using directory = openDataDirectory(top);
    expect(directory.afterKill).toBe(true);
  });

  it('names the variable where the directory cannot be made', () => {
    writeFileSync(join(top, 'file'), '');
    expect(() => openDataDirectory('/proc/rollcall')).toThrow(
      /^ROLLCALL_DATA_DIR: \/proc\/rollcall cannot be written by /,
    );
    expect(() => openDataDirectory(join(top, 'file/inner'))).toThrow(
      /^ROLLCALL_DATA_DIR: .*file\/inner cannot be written by .* \(ENOTDIR\): make it writable, or choose another directory$/,
    );
  });
});
