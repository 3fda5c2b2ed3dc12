import type { Layout } from './header.ts';
import { type Line, splitRecord } from './read-lines.ts';
import type { Cells } from './source-kind.ts';

/** One row of a file, or the fault that makes it unreadable. */
export type Row = {
  /** The line it begins on; the header's is 1. */
  readonly line: number;
  /** How many bytes of the file have been read with it. */
  readonly endByte: number;
} & ({ readonly cells: Cells } | { readonly fault: string });

/**
 * A quoted field may hold line breaks, but a quote that is never closed must not swallow the rows below it.
 */
const MAX_LINES_OF_ROW = 10;

/**
 * Reads the rows below the header. Empty lines, and lines of empty fields, are no rows. A row that cannot be
 * read never touches its neighbours.
 */
export async function* readRows(lines: AsyncIterator<Line>, layout: Layout): AsyncGenerator<Row> {
  const ahead: Line[] = [];
  for (;;) {
    const first = ahead.shift() ?? (await next(lines));
    if (!first) return;
    if (first.fault) yield { ...placeOf(first), fault: first.fault };
    else if (!isEmpty(first.text, layout)) yield await readRow(first, { lines, ahead, layout });
  }
}

async function readRow(
  first: Line,
  { lines, ahead, layout }: { lines: AsyncIterator<Line>; ahead: Line[]; layout: Layout },
): Promise<Row> {
  let { text, endsWithCr } = first;
  let split = splitRecord(text, layout.delimiter);
  for (let more = 1; split.kind === 'open' && more < MAX_LINES_OF_ROW; more += 1) {
    const line = ahead[more - 1] ?? (await next(lines));
    if (!line) break;
    if (ahead.length < more) ahead.push(line);
    if (line.fault) break;
    text += `${endsWithCr ? '\r' : '\n'}${line.text}`;
    endsWithCr = line.endsWithCr;
    split = splitRecord(text, layout.delimiter);
    if (split.kind === 'fields' && fits(split.fields, layout)) {
      ahead.splice(0, more);
      return { line: first.number, endByte: line.endByte, cells: toCells(split.fields, layout) };
    }
  }
  return { ...placeOf(first), ...readSingle(first.text, layout) };
}

function readSingle(text: string, layout: Layout): { cells: Cells } | { fault: string } {
  const split = splitRecord(text, layout.delimiter);
  if (split.kind !== 'fields') return { fault: 'a quoted field is not closed' };
  if (fits(split.fields, layout)) return { cells: toCells(split.fields, layout) };
  return { fault: `the row has ${split.fields.length} columns, the header ${layout.width}` };
}

/**
 * Whether a row has the columns of the header: those without a name may be missing, and empty ones may be too
 * many.
 */
function fits(fields: readonly string[], { width, headerWidth }: Layout): boolean {
  return fields.length >= width && fields.slice(headerWidth).every((field) => field.trim() === '');
}

function isEmpty(text: string, { delimiter }: Layout): boolean {
  return text.replaceAll(delimiter, '').replaceAll('""', '').trim() === '';
}

function toCells(fields: readonly string[], { columns }: Layout): Cells {
  return Object.fromEntries(columns.map(([name, index]) => [name, fields[index] ?? '']));
}

function placeOf({ number, endByte }: Line) {
  return { line: number, endByte };
}

async function next(lines: AsyncIterator<Line>): Promise<Line | undefined> {
  const { done, value } = await lines.next();
  return done ? undefined : value;
}

/** Groups what comes into arrays of `size`, the last one shorter. */
export async function* inBatches<T>(items: AsyncIterable<T>, size: number): AsyncGenerator<T[]> {
  let batch: T[] = [];
  for await (const item of items) {
    batch.push(item);
    if (batch.length < size) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}
