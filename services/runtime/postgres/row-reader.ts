import pg from 'pg';
import { TYPES } from './parse-timestamp.ts';
import type { RawRow } from './raw-row.ts';

/** Makes an object of a row. */
export type RowReader = (row: RawRow) => Record<string, unknown>;

type FieldReader = (row: RawRow) => unknown;

const readers = new Map<string, RowReader>();

/** The reader of rows with these columns: one for all statements and connections that answer the same ones. */
export function rowReader(columns: readonly Pick<pg.FieldDef, 'name' | 'dataTypeID'>[]): RowReader {
  const key = JSON.stringify(columns.map(({ name, dataTypeID }) => [name, dataTypeID]));
  const reader = readers.get(key) ?? makeReader(columns);
  readers.set(key, reader);
  return reader;
}

// Written out column by column, so that V8 makes a row with all its fields at once instead of looking for where each belongs.
function makeReader(columns: readonly Pick<pg.FieldDef, 'name' | 'dataTypeID'>[]): RowReader {
  const names = columns.map((_, i) => `read${i}`);
  const fields = columns.map(({ name }, i) => `${JSON.stringify(name)}: read${i}(row)`);
  const make = new Function(...names, `return (row) => ({ ${fields.join(', ')} })`);
  return make(...columns.map(({ dataTypeID }) => fieldReader(dataTypeID)));
}

const { builtins } = pg.types;
const asText = pg.types.getTypeParser(builtins.TEXT, 'text');
// pg answers numbers that may be too large for JavaScript as the text that they are.
const ASCII_TEXTS: ReadonlySet<number> = new Set([builtins.UUID, builtins.INT8, builtins.NUMERIC]);

function fieldReader(type: number): FieldReader {
  if (ASCII_TEXTS.has(type)) return (row) => (row.next() ? row.ascii() : null);
  const parse = TYPES.getTypeParser(type, 'text');
  if (parse === asText) return (row) => (row.next() ? row.text() : null);
  return (row) => (row.next() ? parse(row.text()) : null);
}
