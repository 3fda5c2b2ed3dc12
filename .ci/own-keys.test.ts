import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

// A table is a Map, or looked up by `Object.hasOwn` in the same file: an object also answers to
// `constructor`.
const TABLE = /\bconst ([A-Z][A-Z_]+): (?:Readonly<)?Record<string,/g;

const files = execFileSync('git', ['ls-files', '*.ts', '*.mjs'], { encoding: 'utf8' })
  .trim()
  .split('\n')
  .filter((file) => !/\/gen\/|\.test\.ts$|test-support\.ts$|\.tools\.ts$|-suite\.ts$/.test(file))
  .map((file) => ({ file, text: readFileSync(file, 'utf8') }));

function looksUp(name: string, text: string): boolean {
  if (!new RegExp(`\\b${name}\\[(?!['"\`])|\\bin ${name}\\b`).test(text)) return false;
  return !text.includes(`Object.hasOwn(${name},`);
}

describe('tables', () => {
  it('B7: an object with the keys of a table is not looked up by a name from outside', () => {
    const tables = new Set(
      files.flatMap(({ text }) => [...text.matchAll(TABLE)].map(([, name]) => name ?? '')),
    );
    expect(tables.size).toBeGreaterThan(0);
    const faults = files.flatMap(({ file, text }) =>
      [...tables].filter((name) => looksUp(name, text)).map((name) => `${file}: ${name}`),
    );
    expect(faults).toEqual([]);
  });

  it('B7: the search finds a table that is looked up by a name from outside', () => {
    expect(looksUp('TABLE', 'TABLE[name]')).toBe(true);
    expect(looksUp('TABLE', 'name in TABLE')).toBe(true);
    expect(looksUp('TABLE', "TABLE['name']")).toBe(false);
    expect(looksUp('TABLE', 'Object.hasOwn(TABLE, name) ? TABLE[name] : undefined')).toBe(false);
  });
});
