import { once } from 'node:events';
import type { Writable } from 'node:stream';
import type { Client } from 'pg';
import { binaryType, type CopyValue } from './binary-values.ts';
import { createRowWriter, type RowWriter } from './row-writer.ts';

// What node-postgres calls back; its types leave it out.
interface CopyConnection {
  readonly stream: Writable;
  query(text: string): void;
  sendCopyFromChunk(chunk: Buffer): void;
  endCopyFrom(): void;
}

/** So much is made before it is sent: rows are as short-lived as they come, and the database has work meanwhile. */
const CHUNK_BYTES = 64 * 1024;

/**
 * Writes rows by COPY, which takes a fraction of what inserts take. They are asked for as the database takes them, so that
 * memory does not grow with their number. Rejects with the database's error.
 * @param target the table and its columns: `users (id, name)`
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

// The database says what the columns are, so that nobody has to keep a list of it.
async function writerFor(client: Client, target: string): Promise<RowWriter> {
  const [, table, columns = '*'] = /^(\S+)(?:\s*\((.*)\))?$/s.exec(target) ?? [];
  const { fields } = await client.query(`select ${columns} from ${table} limit 0`);
  return createRowWriter(fields.map(({ dataTypeID }) => binaryType(dataTypeID)));
}
