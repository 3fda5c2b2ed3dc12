/** One line of a file. */
export interface Line {
  /** Counted from 1. */
  readonly number: number;
  /** How many bytes of the file have been read with it. */
  readonly endByte: number;
  /** Without its line break. */
  readonly text: string;
  /** Why the text cannot be used, which is empty then; absent: it can. */
  readonly fault?: string;
}

/** A longer line is not kept: it bounds the memory that a file without line breaks could ask for. A row has about 200 bytes. */
export const MAX_LINE_BYTES = 65_536;

const LINE_FEED = 10;
const CARRIAGE_RETURN = 13;
// Takes a byte order mark away, too.
const UTF8 = new TextDecoder('utf-8', { fatal: true });

/** Splits bytes into lines that end with LF or CRLF. Holds one line at a time. */
export async function* readLines(chunks: AsyncIterable<Buffer>): AsyncGenerator<Line> {
  let parts: Buffer[] = [];
  let [number, bytes, kept] = [0, 0, 0];
  const add = (part: Buffer) => {
    bytes += part.length;
    kept += part.length;
    if (kept <= MAX_LINE_BYTES) parts.push(part);
    else parts = [];
  };
  const end = (): Line => {
    number += 1;
    const line = { number, endByte: bytes, ...(kept > MAX_LINE_BYTES ? TOO_LONG : decode(parts)) };
    parts = [];
    kept = 0;
    return line;
  };
  for await (const chunk of chunks) {
    let from = 0;
    for (let at = chunk.indexOf(LINE_FEED); at >= 0; at = chunk.indexOf(LINE_FEED, from)) {
      add(chunk.subarray(from, at));
      bytes += 1;
      yield end();
      from = at + 1;
    }
    add(chunk.subarray(from));
  }
  if (kept > 0) yield end();
}

const TOO_LONG = { text: '', fault: `the line is longer than ${MAX_LINE_BYTES} bytes` };

function decode(parts: Buffer[]): Pick<Line, 'text' | 'fault'> {
  const bytes = Buffer.concat(parts);
  const isCrlf = bytes.at(-1) === CARRIAGE_RETURN;
  try {
    const text = UTF8.decode(isCrlf ? bytes.subarray(0, -1) : bytes);
    return text.includes('\0') ? { text: '', fault: 'the line has a NUL character' } : { text };
  } catch {
    return { text: '', fault: 'the line is not UTF-8 text: save the file as UTF-8' };
  }
}
