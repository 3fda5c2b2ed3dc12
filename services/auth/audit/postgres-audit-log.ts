import { hostname } from 'node:os';
import { Code } from '@connectrpc/connect';
import type { AuditEntry, AuditLog, RecordOptions } from '@rollcall/runtime/callers';
import type { Pool } from '@rollcall/runtime/postgres';
import { RpcError } from '@rollcall/runtime/rpc';
import { type ChainBreak, createChainStore } from './chains/chain-store.ts';
import { type ChainLimits, createChainWriter } from './chains/chain-writer.ts';
import { createRefusalTally } from './refusal-tally.ts';

// A batch of this size takes a few milliseconds, and other lines wait as long.
const MAX_BATCH = 1000;
// Further callers do not wait for a database that is too slow.
const MAX_WAITING = 10_000;
/** Refusals are written once in this time, in ms, and at most this many lines at once. */
const REFUSALS_EVERY_MS = 1000;
const MAX_REFUSAL_LINES = 100;
// The longest end of a chain, in ms, that the owner of the database can cut off unseen.
const CHECKPOINT_EVERY_MS = 60_000;
// Shortest time in ms between two batches under load: a fast database would be kept busy by small ones. A
// batch with fewer lines than this shows that there is no load.
const BATCH_EVERY_MS = 2;
const LOAD_LINES = 8;
/** How long lines of committed calls are tried again, in ms, and the pause between two attempts. */
const KEEP_TRYING_MS = 10_000;
const TRY_EVERY_MS = 100;

interface Waiting {
  /** Undefined: a probe whether lines can be written. */
  readonly entry: AuditEntry | undefined;
  readonly done: () => void;
  readonly fail: (error: unknown) => void;
  /** Whether a failure now leads to another attempt. */
  readonly keepsTrying: () => boolean;
}

interface AuditLogOptions {
  /** Called with a failure that no call waits for. The work is tried again. */
  readonly onError: (error: unknown, what: string) => void;
  /** Called when another party changed a chain of this process. Calls go on, in another chain. */
  readonly onBreak?: (broken: ChainBreak) => void;
  /** When a chain ends. Default: `CHAIN_LIMITS`. */
  readonly limits?: ChainLimits;
}

/**
 * Creates the audit log of this process. One batch is written while the next one collects lines of other
 * calls: each line costs little, and waits for two commits at most. Disposing it writes the rest and closes
 * the chain.
 */
export function createPostgresAuditLog(
  pool: Pool,
  { onError, onBreak = () => {}, limits }: AuditLogOptions,
): AuditLog & AsyncDisposable {
  const refusals = createRefusalTally(MAX_REFUSAL_LINES);
  const chains = createChainWriter({
    store: createChainStore(pool),
    writer: `${hostname()} ${process.pid}`,
    onBreak,
    ...(limits && { limits }),
  });
  let waiting: Waiting[] = [];
  let isFailing = false;
  // Writes into the chain one after the other.
  let last: Promise<unknown> = Promise.resolve();
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const done = last.then(work);
    last = done.catch(() => undefined);
    return done;
  };
  let [begunAtMs, lastLines] = [0, 0];
  const writeBatch = async () => {
    const restMs = begunAtMs + BATCH_EVERY_MS - performance.now();
    if (lastLines >= LOAD_LINES && restMs > 0) await new Promise((resolve) => setTimeout(resolve, restMs));
    begunAtMs = performance.now();
    const batch = waiting.slice(0, MAX_BATCH);
    waiting = waiting.slice(MAX_BATCH);
    lastLines = batch.length;
    try {
      await chains.append(batch.flatMap(({ entry }) => entry ?? []));
      isFailing = false;
      for (const { done } of batch) done();
    } catch (error) {
      isFailing = true;
      const kept = batch.filter(({ keepsTrying }) => keepsTrying());
      for (const each of batch) if (!kept.includes(each)) each.fail(error);
      if (kept.length === 0) return;
      waiting = [...kept, ...waiting];
      await new Promise((resolve) => setTimeout(resolve, TRY_EVERY_MS));
    }
  };
  let isWriting = false;
  const write = async () => {
    if (isWriting) return;
    isWriting = true;
    while (waiting.length > 0) await inTurn(writeBatch);
    isWriting = false;
  };
  const wait = (entry: AuditEntry | undefined, keepsTrying = () => false): Promise<void> => {
    if (waiting.length >= MAX_WAITING) return Promise.reject(overloaded());
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    waiting.push({ entry, done: resolve, fail: reject, keepsTrying });
    void write();
    return promise;
  };
  const writeRefusals = async () => {
    const lines = refusals.take();
    if (lines.length === 0) return;
    await inTurn(() => chains.append(lines)).catch((error: unknown) => {
      for (const line of lines) refusals.add(line);
      onError(error, 'refusals cannot be written into the audit log');
    });
  };
  const reporting = (what: string) => (error: unknown) => onError(error, what);
  let refusing: Promise<void> = Promise.resolve();
  const timers = [
    setInterval(() => {
      refusing = refusing.then(writeRefusals);
    }, REFUSALS_EVERY_MS),
    setInterval(() => {
      inTurn(chains.tick).catch(reporting('no checkpoint of the audit log can be written'));
    }, CHECKPOINT_EVERY_MS),
  ];
  for (const timer of timers) timer.unref();
  return {
    record: (entry, options) => wait(entry, keepTrying(options)),
    refused: (entry) => refusals.add(entry),
    ready: () => (isFailing ? wait(undefined) : undefined),
    async [Symbol.asyncDispose]() {
      for (const timer of timers) clearInterval(timer);
      await refusing.then(writeRefusals);
      await inTurn(chains.close).catch(reporting('a chain of the audit log cannot be closed'));
    },
  };
}

function keepTrying({ keepWhile }: RecordOptions = {}): () => boolean {
  const untilMs = performance.now() + KEEP_TRYING_MS;
  return () => keepWhile !== undefined && !keepWhile.aborted && performance.now() < untilMs;
}

function overloaded() {
  return new RpcError(
    { code: Code.Unavailable, reason: 'OVERLOADED' },
    'The service cannot write its audit log as fast as it is asked.',
    { retryDelayMs: 1000 },
  );
}
