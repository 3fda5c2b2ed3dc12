import { visibleText } from '@rollcall/contract/text';
import { ImportFault } from '../import-fault.ts';
import { type Line, splitRecord } from './read-lines.ts';
import type { SourceKind } from './source-kind.ts';

/** Columns of a file. */
export interface Layout {
  readonly delimiter: string;
  /** Number of columns that every row must have: up to the last one with a name. */
  readonly width: number;
  /** Number of columns of the header, those without a name at its end included. */
  readonly headerWidth: number;
  /** The columns that are used and where they stand; -1: the file lacks this optional one. */
  readonly columns: readonly (readonly [name: string, index: number])[];
  /** Names of columns that are not used, in order. */
  readonly unused: readonly string[];
}

/** The header, and the delimiter that a line above it names. */
export interface Front {
  readonly header: Line | undefined;
  /** The separator of a first line `sep=;`. Absent: the file has no such line. */
  readonly delimiter?: string;
}

const DELIMITERS = [';', ',', '\t', '|'] as const;

// As Excel reads it; programs that write such a file again quote it, or fill it up with delimiters.
const SEPARATOR_LINE = /^"?sep=(\\t|tab|[^"\w\s]|\t)"?[;,\t| ]*$/i;

/**
 * Reads up to the header line, over empty lines and over a first line `sep=;` that says what the delimiter
 * is.
 */
export async function readFront(lines: AsyncIterator<Line>): Promise<Front> {
  const first = await nextFilled(lines);
  const [, named] = SEPARATOR_LINE.exec(first?.text ?? '') ?? [];
  if (named === undefined) return { header: first };
  return { header: await nextFilled(lines), delimiter: named.length > 1 ? '\t' : named };
}

async function nextFilled(lines: AsyncIterator<Line>): Promise<Line | undefined> {
  for (;;) {
    const { done, value } = await lines.next();
    if (done) return undefined;
    // A program that adds a byte order mark to a file that has one leaves the second before the first quote.
    const line = { ...value, text: value.text.replace(/^\ufeff+/, '') };
    if (line.fault || line.text.trim()) return line;
  }
}

/**
 * Reads the header line. The delimiter that finds most columns of the kind is the delimiter of the file.
 * @throws ImportFault when a required column is missing or doubled
 */
export function readHeader(
  line: Line | undefined,
  { kind, kindName, path, delimiter }: HeaderContext,
): Layout {
  const fault = (why: string) => new ImportFault(`${path} is not a ${kindName} file: ${why}`);
  const header = `the first line must be the header: ${kind.required.join(', ')}`;
  if (!line) throw fault(`it is empty; ${header}`);
  if (line.fault) throw fault(`line ${line.number}: ${line.fault}`);
  const candidates = [...new Set([...(delimiter ? [delimiter] : []), ...DELIMITERS])];
  const [judged] = candidates
    .map((each) => matchHeader(line.text, each, kind))
    .sort((a, b) => a.missing.length - b.missing.length) as [HeaderMatch];
  const { names, missing } = judged;
  const place = `its header, ${line.number === 1 ? 'the first line' : `line ${line.number}`},`;
  if (missing.length === kind.required.length) throw fault(header);
  if (missing.length > 0) throw fault(`${place} has no ${missing.join(', ')}`);
  const used = [...kind.required, ...kind.optional];
  const columns = used.map((name) => [name, names.indexOf(name)] as const);
  const twice = columns.find(([name, index]) => index !== names.lastIndexOf(name));
  if (twice) throw fault(`${place} has ${twice[0]} twice: leave one`);
  return {
    delimiter: judged.delimiter,
    width: names.findLastIndex((name) => name !== '') + 1,
    headerWidth: names.length,
    columns,
    unused: names.filter((name) => name !== '' && !used.includes(name)),
  };
}

export interface HeaderContext {
  readonly kind: SourceKind;
  readonly kindName: string;
  readonly path: string;
  /** Tried first. */
  readonly delimiter?: string | undefined;
}

interface HeaderMatch {
  delimiter: string;
  names: string[];
  missing: string[];
}

function matchHeader(text: string, delimiter: string, kind: SourceKind): HeaderMatch {
  const split = splitRecord(text, delimiter);
  const names = split.kind === 'fields' ? split.fields.map(toName) : [];
  return { delimiter, names, missing: kind.required.filter((name) => !names.includes(name)) };
}

/** A column's name without letter case, outer space and invisible characters. */
function toName(text: string): string {
  return visibleText(text).toLowerCase();
}
