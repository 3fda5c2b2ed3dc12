import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
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

  it('keeps what is in it out of every repository, and is known again once it is empty', () => {
    const wanted = join(top, 'data');
    openDataDirectory(wanted)[Symbol.dispose]();
    expect(readFileSync(join(wanted, '.gitignore'), 'utf8')).toBe('*\n');
    expect(readdirSync(wanted).sort()).toEqual(['.gitignore', '.rollcall-data']);
    writeFileSync(join(wanted, 'notes.txt'), 'mine');
    using again = openDataDirectory(wanted);
    expect(again.path).toContain('data');
  });

  it('knows a directory that was made before there were markers', () => {
    writeFileSync(join(top, 'postgres-secret'), 'x');
    using directory = openDataDirectory(top);
    expect(readdirSync(directory.path)).toContain('.rollcall-data');
  });

  it('leaves a folder alone that holds files of somebody else', () => {
    writeFileSync(join(top, 'README.md'), '');
    expect(() => openDataDirectory(top)).toThrow(
      `ROLLCALL_DATA_DIR: ${top} holds files of somebody else: name an empty or a new directory`,
    );
    expect(readdirSync(top)).toEqual(['README.md']);
  });

  it('says what is wrong with a place where no directory can be', () => {
    const file = join(top, 'file');
    writeFileSync(file, '');
    expect(() => openDataDirectory(file)).toThrow(
      `ROLLCALL_DATA_DIR: ${file} is a file, not a directory: name an empty or a new directory`,
    );
    expect(() => openDataDirectory(join(file, 'inner'))).toThrow(
      `ROLLCALL_DATA_DIR: ${file}/inner lies below a file, which is not a directory: name an empty or a new directory`,
    );
    expect(() => openDataDirectory('/proc/rollcall')).toThrow(
      'ROLLCALL_DATA_DIR: /proc/rollcall cannot be created there: name an empty or a new directory',
    );
  });
});
