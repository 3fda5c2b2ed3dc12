import { Code } from '@connectrpc/connect';
import type { AuditEntry, AuditLog } from '@rollcall/runtime/callers';
import type { Pool } from '@rollcall/runtime/postgres';
import { RpcError } from '@rollcall/runtime/rpc';
import { createRefusalTally } from './refusal-tally.ts';

// A batch this large takes a few milliseconds, and the rest waits as long.
const MAX_BATCH = 1000;
// More callers than this do not wait for a database that does not keep up.
const MAX_WAITING = 10_000;
/** Refusals are written once in this time, in ms, and no more lines than this at once. */
const REFUSALS_EVERY_MS = 1000;
const MAX_REFUSAL_LINES = 100;

const APPEND = { name: 'audit_append', text: 'select audit_append($1::text[])' };

interface Waiting {
  readonly content: string;
  readonly done: () => void;
  readonly fail: (error: unknown) => void;
}

/** How the log is written. */
export interface AuditLogOptions {
  /** Told why refusals could not be written; they are kept, and tried again. */
  readonly onError: (error: unknown) => void;
}

/**
 * The audit log in the table `audit_log`. Lines of many calls go into one statement: while one batch is written the next comes
 * together, so that each line costs little, and none waits for more. Disposing writes what is left.
 */
export function createPostgresAuditLog(pool: Pool, { onError }: AuditLogOptions): AuditLog & AsyncDisposable {
  const refusals = createRefusalTally(MAX_REFUSAL_LINES);
  let waiting: Waiting[] = [];
  let isWriting = false;
  const append = (contents: string[]) => pool.query({ ...APPEND, values: [contents] });
  const write = async () => {
    if (isWriting) return;
    isWriting = true;
    while (waiting.length > 0) {
      const batch = waiting.slice(0, MAX_BATCH);
      waiting = waiting.slice(MAX_BATCH);
      try {
        await append(batch.map(({ content }) => content));
        for (const { done } of batch) done();
      } catch (error) {
        for (const { fail } of batch) fail(error);
      }
    }
    isWriting = false;
  };
  const writeRefusals = async () => {
    const lines = refusals.take();
    if (lines.length === 0) return;
    await append(lines.map(toContent)).catch((error: unknown) => {
      for (const line of lines) refusals.add(line);
      onError(error);
    });
  };
  let refusing: Promise<void> = Promise.resolve();
  const timer = setInterval(() => {
    refusing = refusing.then(writeRefusals);
  }, REFUSALS_EVERY_MS).unref();
  return {
    record(entry) {
      if (waiting.length >= MAX_WAITING) return Promise.reject(overloaded());
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      waiting.push({ content: toContent(entry), done: resolve, fail: reject });
      void write();
      return promise;
    },
    refused: (entry) => refusals.add(entry),
    async [Symbol.asyncDispose]() {
      clearInterval(timer);
      await refusing.then(writeRefusals);
    },
  };
}

// The text itself is what is hashed: it is written once, and never again by whatever reads it.
function toContent(entry: AuditEntry): string {
  return JSON.stringify(entry);
}

function overloaded() {
  return new RpcError(
    { code: Code.Unavailable, reason: 'OVERLOADED' },
    'The service cannot write its audit log as fast as it is asked.',
    { retryDelayMs: 1000 },
  );
}
