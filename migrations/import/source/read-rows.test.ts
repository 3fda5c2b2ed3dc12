import { describe, expect, it } from 'vitest';
import { readHeader } from './header.ts';
import { readLines } from './read-lines.ts';
import { type Row, readRows } from './read-rows.ts';
import type { SourceKind } from './source-kind.ts';

const kind: SourceKind = {
  doc: 'for this test',
  required: ['name', 'city'],
  optional: ['note'],
  read: () => {
    throw new Error('not used');
  },
};

describe('readRows', () => {
  it('reads the columns that the kind names, wherever they stand, and no other', async () => {
    expect(await rowsOf('card;City; NAME \r\n1234;Lisbon;Ada\r\n')).toEqual([
      { line: 2, endByte: 35, cells: { name: 'Ada', city: 'Lisbon', note: '' } },
    ]);
  });

  it('takes commas where the header has them, and semicolons as text then', async () => {
    expect(await cellsOf('name,city,note\n"King, Ada",a;b,\n')).toEqual([
      { name: 'King, Ada', city: 'a;b', note: '' },
    ]);
  });

  it('skips empty lines and tells lines apart as the file has them', async () => {
    const rows = await rowsOf('name;city\n\na;b\n\n\nc;d');
    expect(rows.map(({ line }) => line)).toEqual([3, 6]);
  });

  it('refuses a row with too few or too many columns', async () => {
    expect(await rowsOf('name;city\na\nb;c;d\n')).toMatchObject([
      { line: 2, fault: 'the row has 1 columns, the header 2' },
      { line: 3, fault: 'the row has 3 columns, the header 2' },
    ]);
  });

  it('reads quotes: with delimiters, with line breaks, and those that are only characters', async () => {
    expect(await rowsOf('name;city\n"a;""b""";c\n"two\r\nlines";d\nx"y;e\n')).toMatchObject([
      { line: 2, cells: { name: 'a;"b"', city: 'c' } },
      { line: 3, cells: { name: 'two\nlines', city: 'd' } },
      { line: 5, cells: { name: 'x"y', city: 'e' } },
    ]);
  });

  it('refuses only the line whose quote is never closed', async () => {
    const rows = await rowsOf('name;city\n"a;b\nc;d\n"e;f\ng;h\n');
    expect(rows).toMatchObject([
      { line: 2, fault: 'a quoted field is not closed' },
      { line: 3, cells: { name: 'c' } },
      { line: 4, fault: 'a quoted field is not closed' },
      { line: 5, cells: { name: 'g' } },
    ]);
  });

  it('does not look for the closing quote for ever', async () => {
    const rows = await rowsOf(`name;city\n"a;b\n${'c;d\n'.repeat(20)}x";y\n`);
    expect(rows.map((row) => 'fault' in row)).toEqual([true, ...Array(21).fill(false)]);
  });
});

describe('readHeader', () => {
  it.for([
    ['', 'it is empty; the first line must be the header: name, city'],
    ['name;town\n', 'its header, the first line, has no city'],
    ['Ada,Lisbon\n', 'the first line must be the header: name, city'],
    ['name;city;name\n', 'its header, the first line, has name twice: leave one'],
    ['"name;city\n', 'the first line must be the header: name, city'],
    [Buffer.from('name;city;\xfc\n', 'latin1'), 'line 1: the line is not UTF-8 text: save the file as UTF-8'],
  ] as const)('refuses %j: %s', async ([content, why]) => {
    await expect(rowsOf(content)).rejects.toThrow(`x.csv is not a things file: ${why}`);
  });
});

async function rowsOf(content: string | Buffer): Promise<Row[]> {
  const lines = readLines(chunk(content));
  const header = await lines.next();
  const layout = readHeader(header.value ?? undefined, { kind, kindName: 'things', path: 'x.csv' });
  return Array.fromAsync(readRows(lines, layout));
}

async function cellsOf(content: string) {
  return (await rowsOf(content)).map((row) => 'cells' in row && row.cells);
}

async function* chunk(content: string | Buffer) {
  yield Buffer.from(content);
}
