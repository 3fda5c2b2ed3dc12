import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { parseSql, readMigrations } from './migrations.ts';

const folder = mkdtempSync(join(tmpdir(), 'rollcall-migrations-'));
afterAll(() => rmSync(folder, { recursive: true }));

const USERS =
  '-- name: 2026-11-20-users\n-- Users.\n\ncreate table users ();\n\n-- down\n\ndrop table users;\n';

function folderOf(files: Readonly<Record<string, string>>): URL {
  const path = mkdtempSync(join(folder, 'service-'));
  mkdirSync(path, { recursive: true });
  for (const [name, text] of Object.entries(files)) writeFileSync(join(path, name), text);
  return pathToFileURL(`${path}/`);
}

describe('an SQL file', () => {
  it('has the recorded name, the statements and those that take them back', () => {
    expect(parseSql(USERS, 'users.sql')).toEqual({
      name: '2026-11-20-users',
      up: '-- Users.\n\ncreate table users ();',
      down: 'drop table users;',
    });
  });

  it('may have nothing to take back', () => {
    expect(parseSql('-- name: a\nselect 1;\n-- down\n', 'a.sql').down).toBe('');
  });

  it.each([USERS.replace('-- name: ', '-- '), USERS.replace('-- down\n', '')])('is refused as %j', (text) => {
    expect(() => parseSql(text, 'users.sql')).toThrow('users.sql needs a first line "-- name: NAME"');
  });
});

describe('a folder of migrations', () => {
  it('is read in the order of its numbers', async () => {
    const files = {
      '0002-second.sql': USERS,
      '0001-first.sql': USERS.replace('users', 'first'),
      'README.md': '',
    };
    const migrations = await readMigrations(folderOf(files));
    expect(migrations.map(({ name }) => name)).toEqual(['2026-11-20-first', '2026-11-20-users']);
  });

  it.each([
    [{ '0001-a.sql': USERS, '0003-b.sql': USERS }, 'number 2 is missing or taken twice'],
    [
      { '0001-a.sql': USERS, '0001-b.sql': USERS.replace('users', 'b') },
      'number 2 is missing or taken twice',
    ],
    [{ '0001-a.sql': USERS, '0002-b.sql': USERS }, 'has the migration 2026-11-20-users twice'],
  ])('is refused with %j', async (files, fault) => {
    await expect(readMigrations(folderOf(files))).rejects.toThrow(fault);
  });
});
