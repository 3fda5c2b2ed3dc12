import { ImportFault } from '../import-fault.ts';

/** The bytes of a file as UTF-8, and how they are counted in the file itself. */
export interface Utf8Chunks {
  readonly chunks: AsyncIterable<Buffer>;
  /** Bytes that a line feed takes in the file. */
  readonly unitBytes: 1 | 2;
  /** Bytes before the first line. */
  readonly startByte: number;
}

type Utf16 = 'utf-16le' | 'utf-16be';

const SAVE_AS = 'save it as "CSV UTF-8" and import that file';

// First bytes of files that are not text, or whose encoding is not supported.
const REFUSED: readonly (readonly [start: readonly number[], what: string])[] = [
  [
    [0x50, 0x4b, 0x03, 0x04],
    `it is a workbook (.xlsx, .ods) or a zip file: open it in a spreadsheet, ${SAVE_AS}`,
  ],
  [[0xd0, 0xcf, 0x11, 0xe0], `it is a workbook (.xls): open it in a spreadsheet, ${SAVE_AS}`],
  [[0x1f, 0x8b], 'it is compressed (gzip): unpack it and import the CSV file in it'],
  [[0xff, 0xfe, 0x00, 0x00], `it is UTF-32: ${SAVE_AS}`],
  [[0x00, 0x00, 0xfe, 0xff], `it is UTF-32: ${SAVE_AS}`],
];

/**
 * Recognizes UTF-16, as in the "Unicode text" of Excel, by its byte order mark or by the zero bytes of its
 * first letter; all else is left as it is.
 * @throws ImportFault where the file is no text, with what to do
 */
export async function toUtf8(source: AsyncIterable<Buffer>, path: string): Promise<Utf8Chunks> {
  const { start, chunks } = await peek(source);
  const refused = REFUSED.find(([bytes]) => bytes.every((byte, i) => start[i] === byte));
  if (refused) throw new ImportFault(`Cannot read ${path}: ${refused[1]}`);
  const utf16 = utf16Of(start);
  if (!utf16) return { chunks, unitBytes: 1, startByte: 0 };
  const startByte = hasMark(start, utf16) ? 2 : 0;
  return { chunks: decode(chunks, utf16), unitBytes: 2, startByte };
}

function utf16Of(start: Buffer): Utf16 | undefined {
  if (hasMark(start, 'utf-16le')) return 'utf-16le';
  if (hasMark(start, 'utf-16be')) return 'utf-16be';
  if (start.length < 2) return undefined;
  if (start[0] !== 0 && start[1] === 0) return 'utf-16le';
  return start[0] === 0 && start[1] !== 0 ? 'utf-16be' : undefined;
}

function hasMark(start: Buffer, encoding: Utf16): boolean {
  return start.subarray(0, 2).equals(MARKS[encoding]);
}

const MARKS: Readonly<Record<Utf16, Buffer>> = {
  'utf-16le': Buffer.from([0xff, 0xfe]),
  'utf-16be': Buffer.from([0xfe, 0xff]),
};

async function* decode(chunks: AsyncIterable<Buffer>, encoding: Utf16): AsyncGenerator<Buffer> {
  const decoder = new TextDecoder(encoding);
  for await (const chunk of chunks) yield toBytes(decoder.decode(chunk, { stream: true }));
  yield toBytes(decoder.decode());
}

// No byte of UTF-8, so that the line is refused as one that cannot be read.
const UNREADABLE = Buffer.from([0xff]);

// Invalid input, such as half a surrogate pair or the last byte of a truncated file, was decoded as
// U+FFFD.
function toBytes(text: string): Buffer {
  const parts = text.split('\ufffd').map((part) => Buffer.from(part));
  return Buffer.concat(parts.flatMap((part, i) => (i === 0 ? [part] : [UNREADABLE, part])));
}

const PEEKED_BYTES = 4;

/** The first bytes, and all chunks with them. */
async function peek(source: AsyncIterable<Buffer>) {
  const iterator = source[Symbol.asyncIterator]();
  let start: Buffer = Buffer.alloc(0);
  while (start.length < PEEKED_BYTES) {
    const { done, value } = await iterator.next();
    if (done) break;
    start = Buffer.concat([start, value]);
  }
  async function* all(): AsyncGenerator<Buffer> {
    yield start;
    yield* { [Symbol.asyncIterator]: () => iterator };
  }
  return { start, chunks: all() };
}
