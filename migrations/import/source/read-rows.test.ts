import { describe, expect, it } from 'vitest';
import { toUtf8 } from './encoding.ts';
import { readFront, readHeader } from './header.ts';
import { readLines } from './read-lines.ts';
import { type Row, readRows } from './read-rows.ts';
import type { SourceKind } from './source-kind.ts';

const kind: SourceKind = {
  doc: 'for this test',
  required: ['name', 'city'],
  optional: ['note'],
  personColumns: { name: 'name', email: 'note', phone: 'note' },
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

  it.each([
    ['CR', '\r'],
    ['CRLF', '\r\n'],
    ['LF', '\n'],
  ])('sheet-files: reads lines that end with %s, and with others in between', async (_, end) => {
    const lines = ['name;city', 'Ada;Lisbon', '"two\nlines";b', 'Eve;Porto'];
    expect(await cellsOf(lines.join(end))).toMatchObject([
      { name: 'Ada', city: 'Lisbon' },
      { name: 'two\nlines' },
      { name: 'Eve' },
    ]);
    expect(await cellsOf('name;city\ra;b\r\nc;d\ne;f')).toMatchObject([
      { name: 'a' },
      { name: 'c' },
      { name: 'e' },
    ]);
  });

  it('sheet-files: keeps a CR in a quoted field as it was read before', async () => {
    expect(await cellsOf('name;city\n"two\rlines";b\n')).toMatchObject([{ name: 'two\rlines', city: 'b' }]);
  });

  it.each([
    ['sep=;', 'name;city\nKing, Ada;b'],
    ['\uFEFFsep=,', 'name,city\n"King, Ada",b'],
    ['SEP=\t', 'name\tcity\nKing, Ada\tb'],
    ['sep=\\t', 'name\tcity\nKing, Ada\tb'],
    ['sep=|', 'name|city\nKing, Ada|b'],
    ['sep=^', 'name^city\nKing, Ada^b'],
    ['"sep=;"', 'name;city\nKing, Ada;b'],
    ['sep=; ', 'name;city\nKing, Ada;b'],
    ['\uFEFF\uFEFF"sep=;"', '"name";"city"\n"King, Ada";b'],
    ['sep=,;', 'name;city\nKing, Ada;b'],
    ['', 'name\tcity\nKing, Ada\tb'],
    ['\n \n', 'name;city\nKing, Ada;b'],
  ])('sheet-files: reads what stands below a first line %j', async (first, rest) => {
    expect(await cellsOf(first === '' ? rest : `${first}\n${rest}`)).toEqual([
      { name: 'King, Ada', city: 'b', note: '' },
    ]);
  });

  it('sheet-files: counts lines from the first one, which is not always the header', async () => {
    expect(await rowsOf('sep=;\nname;city\na;b\n')).toMatchObject([{ line: 3 }]);
    await expect(rowsOf('sep=;\nname;town\n')).rejects.toThrow('its header, line 2, has no city');
  });

  it.each(['utf-16le', 'utf-16be'] as const)(
    'sheet-files: reads %s, with and without a byte order mark',
    async (encoding) => {
      const text = 'name\tcity\r\nJosé\tŁódź\r\n😀\t"a\n b"\r\n';
      for (const marked of [text, `\uFEFF${text}`]) {
        const content = toUtf16(marked, encoding);
        for (const size of [1, 3, 1000]) {
          const rows = await rowsOf(content, size);
          expect(rows).toMatchObject([
            { line: 2, cells: { name: 'José', city: 'Łódź' } },
            { line: 3, cells: { name: '😀', city: 'a\n b' }, endByte: content.length },
          ]);
        }
      }
    },
  );

  it.each(['utf-16le', 'utf-16be'] as const)(
    'sheet-files: refuses a line of %s that holds half a character, and reads the others',
    async (encoding) => {
      const fault = 'the line is not UTF-8 text: save the file as UTF-8';
      const content = toUtf16('\uFEFFname\tcity\nA\ud800b\tc\n😀\te\nf\tg', encoding);
      for (const size of [1, 3, 1000]) {
        expect(await rowsOf(content, size)).toMatchObject([
          { fault },
          { cells: { name: '😀' } },
          { cells: {} },
        ]);
        const cut = content.subarray(0, -1);
        expect(await rowsOf(cut, size)).toMatchObject([{ fault }, { cells: { name: '😀' } }, { fault }]);
      }
    },
  );

  it.each([
    ['PK\x03\x04', 'it is a workbook (.xlsx, .ods) or a zip file'],
    ['\xd0\xcf\x11\xe0', 'it is a workbook (.xls)'],
    ['\x1f\x8b', 'it is compressed (gzip)'],
    ['\xff\xfe\0\0', 'it is UTF-32'],
  ])('sheet-files: says of %j: %s', async (bytes, why) => {
    await expect(rowsOf(Buffer.from(`${bytes}rest`, 'latin1'))).rejects.toThrow(`Cannot read x.csv: ${why}`);
  });

  it('sheet-files: takes columns without a name at the end of the header, and rows without them', async () => {
    const cells = await cellsOf('name;city;;\na;b;;\nc;d\ne;f;;;;\ng;h;x;\n');
    expect(cells).toMatchObject([{ name: 'a' }, { name: 'c' }, { name: 'e' }, { name: 'g' }]);
    expect(await rowsOf('name;city;;\na\nb;c;;;x\n')).toMatchObject([
      { fault: 'the row has 1 columns, the header 2' },
      { fault: 'the row has 5 columns, the header 2' },
    ]);
  });

  it('sheet-files: takes rows of empty fields for no rows', async () => {
    expect(await cellsOf('name;city;note\n;;\n ; \n"";"";""\n  \na;b;\n;;;;;\n')).toMatchObject([
      { name: 'a' },
    ]);
  });

  it('sheet-files: takes a column that is not used twice, and a header with invisible characters', async () => {
    expect(await cellsOf('\uFEFF\uFEFF"name";"city"\n"a";"b"\n')).toMatchObject([{ name: 'a', city: 'b' }]);
    expect(await cellsOf('\u200bName\u200b;x;x; city ;\na;1;2;b;\n')).toMatchObject([
      { name: 'a', city: 'b' },
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

async function rowsOf(content: string | Buffer, chunkBytes = 1_000_000): Promise<Row[]> {
  const lines = readLines(await toUtf8(chunksOf(Buffer.from(content), chunkBytes), 'x.csv'));
  const { header, delimiter } = await readFront(lines);
  const layout = readHeader(header, { kind, kindName: 'things', path: 'x.csv', delimiter });
  return Array.fromAsync(readRows(lines, layout));
}

async function cellsOf(content: string) {
  return (await rowsOf(content)).map((row) => 'cells' in row && row.cells);
}

async function* chunksOf(content: Buffer, size: number) {
  for (let at = 0; at < content.length; at += size) yield content.subarray(at, at + size);
}

function toUtf16(text: string, encoding: 'utf-16le' | 'utf-16be'): Buffer {
  const bytes = Buffer.from(text, 'utf16le');
  return encoding === 'utf-16le' ? bytes : bytes.swap16();
}
