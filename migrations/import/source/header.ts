import { ImportFault } from '../import-fault.ts';
import type { Line } from './read-lines.ts';
import type { SourceKind } from './source-kind.ts';
import { splitRecord } from './split-record.ts';

/** Where a file keeps what. */
export interface Layout {
  readonly delimiter: Delimiter;
  /** Number of columns of every row. */
  readonly width: number;
  /** The columns that are used and where they stand; -1: the file lacks this optional one. */
  readonly columns: readonly (readonly [name: string, index: number])[];
}

/** What stands between the fields of a file. */
export type Delimiter = (typeof DELIMITERS)[number];

const DELIMITERS = [';', ','] as const;

/**
 * Reads the header line: whichever delimiter finds more of the kind's columns is the file's.
 * @throws ImportFault where a column that the kind needs is not there, or is there twice
 */
export function readHeader(
  line: Line | undefined,
  { kind, kindName, path }: { kind: SourceKind; kindName: string; path: string },
): Layout {
  const fault = (why: string) => new ImportFault(`${path} is not a ${kindName} file: ${why}`);
  const header = `the first line must be the header: ${kind.required.join(', ')}`;
  if (!line) throw fault(`it is empty; ${header}`);
  if (line.fault) throw fault(`line 1: ${line.fault}`);
  const [{ delimiter, names, missing }] = DELIMITERS.map((each) => judge(line.text, each, kind)).sort(
    (a, b) => a.missing.length - b.missing.length,
  ) as [Judged];
  if (missing.length === kind.required.length) throw fault(header);
  if (missing.length > 0) throw fault(`its header, the first line, has no ${missing.join(', ')}`);
  const columns = [...kind.required, ...kind.optional].map((name) => [name, names.indexOf(name)] as const);
  const twice = columns.find(([name, index]) => index !== names.lastIndexOf(name));
  if (twice) throw fault(`its header, the first line, has ${twice[0]} twice: leave one`);
  return { delimiter, width: names.length, columns };
}

interface Judged {
  delimiter: Delimiter;
  names: string[];
  missing: string[];
}

function judge(text: string, delimiter: Delimiter, kind: SourceKind): Judged {
  const split = splitRecord(text, delimiter);
  const names = split.kind === 'fields' ? split.fields.map((name) => name.trim().toLowerCase()) : [];
  return { delimiter, names, missing: kind.required.filter((name) => !names.includes(name)) };
}
