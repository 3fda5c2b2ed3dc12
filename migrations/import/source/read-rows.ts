import type { Layout } from './header.ts';
import type { Line } from './read-lines.ts';
import type { Cells } from './source-kind.ts';
import { splitRecord } from './split-record.ts';

/** One row of a file, or why it is none. */
export type Row = {
  /** The line it begins on; the header's is 1. */
  readonly line: number;
  /** How many bytes of the file have been read with it. */
  readonly endByte: number;
} & ({ readonly cells: Cells } | { readonly fault: string });

/** A quoted field may hold line breaks, but a quote that is never closed must not swallow the rows below it. */
const MAX_LINES_OF_ROW = 10;

/** Reads the rows below the header. Empty lines are no rows. A row that cannot be read never touches its neighbours. */
export async function* readRows(lines: AsyncIterator<Line>, layout: Layout): AsyncGenerator<Row> {
  const ahead: Line[] = [];
  for (;;) {
    const first = ahead.shift() ?? (await next(lines));
    if (!first) return;
    if (!first.text && !first.fault) continue;
    yield first.fault
      ? { ...placeOf(first), fault: first.fault }
      : await readRow(first, { lines, ahead, layout });
  }
}

async function readRow(
  first: Line,
  { lines, ahead, layout }: { lines: AsyncIterator<Line>; ahead: Line[]; layout: Layout },
): Promise<Row> {
  let text = first.text;
  let split = splitRecord(text, layout.delimiter);
  for (let more = 1; split.kind === 'open' && more < MAX_LINES_OF_ROW; more += 1) {
    const line = ahead[more - 1] ?? (await next(lines));
    if (!line) break;
    if (ahead.length < more) ahead.push(line);
    if (line.fault) break;
    text += `\n${line.text}`;
    split = splitRecord(text, layout.delimiter);
    if (split.kind === 'fields' && split.fields.length === layout.width) {
      ahead.splice(0, more);
      return { line: first.number, endByte: line.endByte, cells: toCells(split.fields, layout) };
    }
  }
  return { ...placeOf(first), ...readSingle(first.text, layout) };
}

function readSingle(text: string, layout: Layout): { cells: Cells } | { fault: string } {
  const split = splitRecord(text, layout.delimiter);
  if (split.kind !== 'fields') return { fault: 'a quoted field is not closed' };
  const { length } = split.fields;
  if (length === layout.width) return { cells: toCells(split.fields, layout) };
  return { fault: `the row has ${length} columns, the header ${layout.width}` };
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
