import { describe, expect, it } from 'vitest';
import { MAX_LINE_BYTES, readLines } from './read-lines.ts';

describe('readLines', () => {
  it.for([1, 2, 3, 100])('splits at LF and CRLF in chunks of %i bytes, wherever they part', async (size) => {
    expect(await linesOf('\uFEFFa;ä\r\nb\n\nlast', size)).toEqual([
      { number: 1, endByte: 9, text: 'a;ä' },
      { number: 2, endByte: 11, text: 'b' },
      { number: 3, endByte: 12, text: '' },
      { number: 4, endByte: 16, text: 'last' },
    ]);
  });

  it.for([1, 2, 3, 100])(
    'sheet-files: splits at CR, and at all three in one file, in chunks of %i bytes',
    async (size) => {
      expect(await linesOf('a\r\rb\r\nc\nd\r', size)).toEqual([
        { number: 1, endByte: 2, text: 'a', endsWithCr: true },
        { number: 2, endByte: 3, text: '', endsWithCr: true },
        { number: 3, endByte: 6, text: 'b' },
        { number: 4, endByte: 8, text: 'c' },
        { number: 5, endByte: 10, text: 'd', endsWithCr: true },
      ]);
    },
  );

  it('has no line after the last line break', async () => {
    expect(await linesOf('a\r\n', 100)).toEqual([{ number: 1, endByte: 3, text: 'a' }]);
    expect(await linesOf('', 100)).toEqual([]);
  });

  it('keeps nothing of a line that is too long, and goes on below it', async () => {
    const [long, next] = await linesOf(`${'x'.repeat(MAX_LINE_BYTES + 1)}\nnext`, 1000);
    expect(long).toEqual({
      number: 1,
      endByte: MAX_LINE_BYTES + 2,
      text: '',
      fault: 'the line is longer than 65536 bytes',
    });
    expect(next).toMatchObject({ number: 2, text: 'next' });
  });

  it('refuses what is not UTF-8, and NUL, which no database can keep', async () => {
    const latin1 = Buffer.from('M\xfcller\n', 'latin1');
    expect(await linesOf(Buffer.concat([latin1, Buffer.from('a\0b\nc')]), 100)).toMatchObject([
      { number: 1, text: '', fault: 'the line is not UTF-8 text: save the file as UTF-8' },
      { number: 2, text: '', fault: 'the line has a NUL character' },
      { number: 3, text: 'c' },
    ]);
  });
});

async function linesOf(content: string | Buffer, chunkBytes: number) {
  return Array.fromAsync(readLines(chunksOf(Buffer.from(content), chunkBytes)));
}

async function* chunksOf(content: Buffer, size: number) {
  for (let at = 0; at < content.length; at += size) yield content.subarray(at, at + size);
}
