import { CsvError, parse } from 'csv-parse/sync';
import type { Utf8Chunks } from './encoding.ts';

/** One line of a file. */
export interface Line {
  /** Counted from 1. */
  readonly number: number;
  /** How many bytes of the file have been read with it. */
  readonly endByte: number;
  /** Without its line break. */
  readonly text: string;
  /** Why the text cannot be used; `text` is then empty. Absent: the text is usable. */
  readonly fault?: string;
  /** The line ends with CR alone. */
  readonly endsWithCr?: true;
}

/**
 * A longer line is not kept: it bounds the memory that a file without line breaks could ask for. A row has
 * about 200 bytes.
 */
export const MAX_LINE_BYTES = 65_536;

const LINE_FEED = 10;
const CARRIAGE_RETURN = 13;
// Takes a byte order mark away, too.
const UTF8 = new TextDecoder('utf-8', { fatal: true });

/** Splits UTF-8 text into lines that end with LF, CRLF or CR, also in one file. Holds one line at a time. */
export async function* readLines(source: AsyncIterable<Buffer> | Utf8Chunks): AsyncGenerator<Line> {
  const { chunks, unitBytes, startByte } = 'chunks' in source ? source : { ...UTF8_FILE, chunks: source };
  const sizeOf = (part: Buffer) => (unitBytes === 1 ? part.length : part.toString().length * unitBytes);
  let parts: Buffer[] = [];
  let [number, bytes, kept] = [0, startByte, 0];
  // Whether the chunk before ended with a CR, which an LF may follow.
  let isAfterCr = false;
  const add = (part: Buffer) => {
    bytes += sizeOf(part);
    kept += part.length;
    if (kept <= MAX_LINE_BYTES) parts.push(part);
    else parts = [];
  };
  const end = (isCr: boolean): Line => {
    number += 1;
    const content = kept > MAX_LINE_BYTES ? TOO_LONG : decode(parts);
    const line = { number, endByte: bytes, ...content, ...(isCr && ENDS_WITH_CR) };
    parts = [];
    kept = 0;
    return line;
  };
  for await (const chunk of chunks) {
    if (chunk.length === 0) continue;
    let from = 0;
    if (isAfterCr) {
      isAfterCr = false;
      const isCrlf = chunk[0] === LINE_FEED;
      if (isCrlf) bytes += unitBytes;
      if (isCrlf) from = 1;
      yield end(!isCrlf);
    }
    for (const at of lineBreaks(chunk)) {
      if (at < from) continue;
      add(chunk.subarray(from, at));
      bytes += unitBytes;
      from = at + 1;
      const isCr = chunk[at] === CARRIAGE_RETURN;
      isAfterCr = isCr && from === chunk.length;
      if (isAfterCr) break;
      const isCrlf = isCr && chunk[from] === LINE_FEED;
      if (isCrlf) bytes += unitBytes;
      if (isCrlf) from += 1;
      yield end(isCr && !isCrlf);
    }
    add(chunk.subarray(from));
  }
  if (isAfterCr || kept > 0) yield end(isAfterCr);
}

const UTF8_FILE = { unitBytes: 1, startByte: 0 } as const;
const ENDS_WITH_CR = { endsWithCr: true } as const;

/** Where each CR and each LF of a chunk stands, in order. */
function* lineBreaks(chunk: Buffer): Generator<number> {
  let feed = chunk.indexOf(LINE_FEED);
  let carriage = chunk.indexOf(CARRIAGE_RETURN);
  while (feed >= 0 || carriage >= 0) {
    const isFeed = carriage < 0 || (feed >= 0 && feed < carriage);
    yield isFeed ? feed : carriage;
    if (isFeed) feed = chunk.indexOf(LINE_FEED, feed + 1);
    else carriage = chunk.indexOf(CARRIAGE_RETURN, carriage + 1);
  }
}

const TOO_LONG = { text: '', fault: `the line is longer than ${MAX_LINE_BYTES} bytes` };

function decode(parts: readonly Buffer[]): Pick<Line, 'text' | 'fault'> {
  try {
    const text = UTF8.decode(Buffer.concat(parts));
    return text.includes('\0') ? { text: '', fault: 'the line has a NUL character' } : { text };
  } catch {
    return { text: '', fault: 'the line is not UTF-8 text: save the file as UTF-8' };
  }
}

/** The fields of one line, or of several lines that a quoted field joins. */
export type SplitRecord =
  | { readonly kind: 'fields'; readonly fields: readonly string[] }
  /** A quoted field is still open at the end. */
  | { readonly kind: 'open' }
  /** Not one record. */
  | { readonly kind: 'broken' };

/**
 * Splits the text of one record, which is not empty, at its delimiters, minding quotes (RFC 4180). On a
 * single line a quote where none belongs is a character like others; over several lines that would join what
 * does not belong together.
 */
export function splitRecord(text: string, delimiter: string): SplitRecord {
  try {
    const [fields, ...more] = parse(text, {
      delimiter,
      record_delimiter: '\n',
      relax_column_count: true,
      relax_quotes: !/[\r\n]/.test(text),
    });
    return fields && more.length === 0 ? { kind: 'fields', fields } : { kind: 'broken' };
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    return { kind: error.code === 'CSV_QUOTE_NOT_CLOSED' ? 'open' : 'broken' };
  }
}
