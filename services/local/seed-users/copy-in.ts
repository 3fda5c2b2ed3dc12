import { once } from 'node:events';
import type { Writable } from 'node:stream';
import type { Client } from 'pg';
import { type BinaryType, binaryType, type CopyValue } from './binary-values.ts';

// Callbacks of node-postgres that its types leave out.
interface CopyConnection {
  readonly stream: Writable;
  query(text: string): void;
  sendCopyFromChunk(chunk: Buffer): void;
  endCopyFrom(): void;
}

/** Bytes to encode before a chunk is sent, so that the database works meanwhile. */
const CHUNK_BYTES = 64 * 1024;

/**
 * Writes rows by COPY. Rows are generated as the database accepts them, so that memory stays bounded. Rejects
 * with the database's error.
 * @param target table and columns, such as `users (id, name)`
 */
export async function copyIn(
  client: Client,
  target: string,
  rows: Iterable<readonly CopyValue[]>,
): Promise<void> {
  const writer = await writerFor(client, target);
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  let hasFailed = false;
  const fail = (error: unknown) => {
    hasFailed = true;
    reject(error);
  };
  const send = async (connection: CopyConnection) => {
    for (const row of rows) {
      if (hasFailed) return;
      writer.add(row);
      if (writer.bytes < CHUNK_BYTES) continue;
      connection.sendCopyFromChunk(writer.take());
      if (connection.stream.writableNeedDrain) await once(connection.stream, 'drain');
    }
    writer.end();
    connection.sendCopyFromChunk(writer.take());
    connection.endCopyFrom();
  };
  client.query({
    submit: (connection: CopyConnection) => connection.query(`copy ${target} from stdin (format binary)`),
    handleCopyInResponse: (connection: CopyConnection) => void send(connection).catch(fail),
    handleError: fail,
    handleCommandComplete: () => undefined,
    handleReadyForQuery: () => {
      if (!hasFailed) resolve();
    },
  } as never);
  return promise;
}

// The database has the types of the columns, so that no list is needed.
async function writerFor(client: Client, target: string): Promise<RowWriter> {
  const [, table, columns = '*'] = /^(\S+)(?:\s*\((.*)\))?$/s.exec(target) ?? [];
  const { fields } = await client.query(`select ${columns} from ${table} limit 0`);
  return createRowWriter(fields.map(({ dataTypeID }) => binaryType(dataTypeID)));
}

/**
 * Signature, flags and the length of what else a header may hold:
 * https://www.postgresql.org/docs/18/sql-copy.html
 */
const HEADER = Buffer.from('PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0', 'latin1');
const FIRST_BYTES = 128 * 1024;
const NULL = -1;
const NO_MORE_ROWS = -1;

/** Encodes rows for a binary COPY into one buffer. */
export interface RowWriter {
  /** Bytes that wait to be taken. */
  readonly bytes: number;
  add(row: readonly CopyValue[]): void;
  /** Writes what follows the last row. */
  end(): void;
  /** Returns the bytes written since the last call. They are valid until the next row is written. */
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
