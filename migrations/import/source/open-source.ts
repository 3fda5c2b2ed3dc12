import { type FileHandle, open } from 'node:fs/promises';
import { hotelBookings } from '../hotel-bookings/hotel-bookings.ts';
import { ImportFault } from '../import-fault.ts';
import { toUtf8 } from './encoding.ts';
import { readFront, readHeader } from './header.ts';
import { readLines } from './read-lines.ts';
import { type Row, readRows } from './read-rows.ts';
import type { SourceKind } from './source-kind.ts';

/** A file that is being imported. */
export interface Source extends AsyncDisposable {
  /** Size of the file in bytes when it was opened. */
  readonly totalBytes: number;
  /** Its rows, once. */
  readonly rows: AsyncGenerator<Row>;
  /** Columns of the file that the kind does not use. */
  readonly unusedColumns: readonly string[];
  /** The line that the header stands on. */
  readonly headerLine: number;
}

const FAULTS: ReadonlyMap<string, string> = new Map(
  Object.entries<string>({
    ENOENT: 'there is no such file; check the path',
    ENOTDIR: 'there is no such file; check the path',
    EACCES: 'you may not read it; ask its owner, or copy it to where you may',
  }),
);

/** Opens a file and reads its header. @throws ImportFault when it cannot be read or is of another kind */
export async function openSource(
  path: string,
  { kind, kindName }: { kind: SourceKind; kindName: string },
): Promise<Source> {
  const file = await openFile(path);
  const close = () => file.close();
  try {
    const stats = await file.stat();
    if (!stats.isFile()) throw new ImportFault(`${path} is not a file: give the path of a CSV file`);
    const bytes = file.createReadStream({ autoClose: false, highWaterMark: 65_536 });
    const lines = readLines(await toUtf8(bytes, path));
    const { header, delimiter } = await readFront(lines);
    const layout = readHeader(header, { kind, kindName, path, delimiter });
    return {
      totalBytes: stats.size,
      rows: readRows(lines, layout),
      unusedColumns: layout.unused,
      headerLine: header?.number ?? 1,
      [Symbol.asyncDispose]: close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

async function openFile(path: string): Promise<FileHandle> {
  try {
    return await open(path, 'r');
  } catch (error) {
    const code = String((error as NodeJS.ErrnoException).code);
    throw new ImportFault(`Cannot read ${path}: ${FAULTS.get(code) ?? code}`, { cause: error });
  }
}

/** All kinds of files, by their name on the command line. */
export const KINDS: Readonly<Record<string, SourceKind>> = { 'hotel-bookings': hotelBookings };

/** Returns the kind of a name. @throws ImportFault when the kind is unknown */
export function kindOf(name: string): SourceKind {
  const kind = Object.hasOwn(KINDS, name) ? KINDS[name] : undefined;
  if (kind) return kind;
  throw new ImportFault(`There is no kind of file "${name}": name one of ${Object.keys(KINDS).join(', ')}`);
}
