import type { BinaryType, CopyValue } from './binary-values.ts';

/** Signature, flags and the length of what else a header may hold: https://www.postgresql.org/docs/18/sql-copy.html */
const HEADER = Buffer.from('PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0', 'latin1');
const FIRST_BYTES = 128 * 1024;
const NULL = -1;
const NO_MORE_ROWS = -1;

/** Writes rows as a binary COPY sends them, one behind the other into one buffer. */
export interface RowWriter {
  /** Bytes that wait to be taken. */
  readonly bytes: number;
  add(row: readonly CopyValue[]): void;
  /** Writes what follows the last row. */
  end(): void;
  /** What was written since it was last asked; to be used before the next row is written. */
  take(): Buffer;
}

/** @param types of the columns */
export function createRowWriter(types: readonly BinaryType[]): RowWriter {
  let buffer = Buffer.allocUnsafe(FIRST_BYTES);
  let at = HEADER.copy(buffer);
  const makeRoom = (bytes: number) => {
    if (at + bytes <= buffer.length) return;
    const larger = Buffer.allocUnsafe(2 * (at + bytes));
    buffer.copy(larger, 0, 0, at);
    buffer = larger;
  };
  const put = (type: BinaryType, value: CopyValue) => {
    makeRoom(4 + (value === null ? 0 : type.maxBytes(value as never)));
    const bytes = value === null ? 0 : type.write(buffer, value as never, at + 4);
    at = buffer.writeInt32BE(value === null ? NULL : bytes, at) + bytes;
  };
  return {
    get bytes() {
      return at;
    },
    add(row) {
      makeRoom(2);
      at = buffer.writeInt16BE(types.length, at);
      for (let i = 0; i < types.length; i++) put(types[i] as BinaryType, row[i] as CopyValue);
    },
    end() {
      makeRoom(2);
      at = buffer.writeInt16BE(NO_MORE_ROWS, at);
    },
    take() {
      const taken = buffer.subarray(0, at);
      at = 0;
      return taken;
    },
  };
}
