import type { Client } from 'pg';

/** What a copied column may hold. A Buffer is a bytea. */
export type CopyValue = string | number | Date | Buffer | null;

// What node-postgres calls back; its types leave it out.
interface CopyConnection {
  query(text: string): void;
  sendCopyFromChunk(chunk: Buffer): void;
  endCopyFrom(): void;
  sync?(): void;
}

/**
 * Writes rows by COPY, which takes a fraction of what inserts take. Rejects with the database's error.
 * @param target the table and its columns: `users (id, name)`
 */
export function copyIn(
  client: Client,
  target: string,
  rows: readonly (readonly CopyValue[])[],
): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const text = rows.map((row) => `${row.map(toText).join('\t')}\n`).join('');
  let failure: Error | undefined;
  client.query({
    submit: (connection: CopyConnection) => connection.query(`copy ${target} from stdin`),
    handleCopyInResponse: (connection: CopyConnection) => {
      connection.sendCopyFromChunk(Buffer.from(text));
      connection.endCopyFrom();
    },
    handleError: (error: Error) => {
      failure = error;
      reject(error);
    },
    handleCommandComplete: () => undefined,
    handleReadyForQuery: () => {
      if (failure === undefined) resolve();
    },
  } as never);
  return promise;
}

function toText(value: CopyValue): string {
  if (value === null) return '\\N';
  if (value instanceof Date) return value.toISOString();
  if (Buffer.isBuffer(value)) return `\\\\x${value.toString('hex')}`;
  return typeof value === 'number' ? String(value) : value.replace(/[\\\t\n\r]/g, (each) => `\\${each}`);
}
