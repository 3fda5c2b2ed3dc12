import type { ClientCounters } from './counters.ts';
import type { ReadCall, UserAnswer, UserRead, UserReader, UserScope } from './user-reader.ts';

/** Most ids in one BatchGetUsers: the contract's own limit. */
export const MAX_BATCH_SIZE = 500;

/** How reads are put together. */
export interface BatchingOptions {
  /** Time in ms to wait for more reads. 0: until the current tick and the promises it settles are done. */
  batchWindowMs: number;
}

/** Reads on their way to `next` together. */
interface Batch {
  readonly scope: UserScope;
  /** By id, so that an id goes once. */
  readonly reads: Map<string, UserRead>;
  /** The latest of its callers: one who waits shorter leaves earlier, and takes nobody along. */
  deadlineAtMs: number;
  readonly answers: Promise<Map<string, UserAnswer>>;
}

/**
 * Makes one read of all that callers ask within the window, per tenant and view, each id once, in parts of 500. A part that
 * fails answers `failed` for its own ids. Reads with a `minVersion` travel apart, because the service refuses a batch whole
 * where one version is not reached. Whoever gives up early is the cache's business, which stands above.
 */
export function withBatching(
  next: UserReader,
  { batchWindowMs }: BatchingOptions,
  counters: ClientCounters,
): UserReader {
  const open = new Map<string, Batch>();

  function start(key: string, scope: UserScope): Batch {
    const { promise, resolve, reject } = Promise.withResolvers<Map<string, UserAnswer>>();
    const batch: Batch = { scope, reads: new Map(), deadlineAtMs: 0, answers: promise };
    open.set(key, batch);
    afterWindow(batchWindowMs, () => {
      open.delete(key);
      send(next, batch, counters).then(resolve, reject);
    });
    return batch;
  }

  function join(scope: UserScope, read: UserRead, call: ReadCall): Batch {
    const key = `${scope.tenantId}/${scope.view}/${read.minVersion > 0n}`;
    const batch = open.get(key) ?? start(key, scope);
    batch.reads.set(read.id, merge(batch.reads.get(read.id), read));
    batch.deadlineAtMs = Math.max(batch.deadlineAtMs, call.deadlineAtMs);
    return batch;
  }

  return {
    async readMany(scope, reads, call) {
      const batches = reads.map((read) => join(scope, read, call));
      return Promise.all(
        batches.map(async (batch, i) => (await batch.answers).get(reads[i]?.id ?? '') as UserAnswer),
      );
    },
  };
}

/** Both must be content: the higher version, and `unchanged` only where both hold the same. */
function merge(one: UserRead | undefined, other: UserRead): UserRead {
  if (one === undefined) return other;
  const { minVersion } = one.minVersion > other.minVersion ? one : other;
  if (one.knownVersion === undefined || one.knownVersion !== other.knownVersion)
    return { id: other.id, minVersion };
  return { ...other, minVersion };
}

async function send(
  next: UserReader,
  batch: Batch,
  counters: ClientCounters,
): Promise<Map<string, UserAnswer>> {
  const reads = [...batch.reads.values()];
  const answers = new Map<string, UserAnswer>();
  const parts = Array.from({ length: Math.ceil(reads.length / MAX_BATCH_SIZE) }, async (_, i) => {
    const part = reads.slice(i * MAX_BATCH_SIZE, (i + 1) * MAX_BATCH_SIZE);
    counters.batches += 1;
    counters.batchedIds += part.length;
    const answered = await readPart(next, batch, part);
    for (const [at, read] of part.entries()) answers.set(read.id, answered[at] as UserAnswer);
  });
  await Promise.all(parts);
  return answers;
}

async function readPart(
  next: UserReader,
  { scope, deadlineAtMs }: Batch,
  part: readonly UserRead[],
): Promise<readonly UserAnswer[]> {
  try {
    return await next.readMany(scope, part, { deadlineAtMs });
  } catch (error) {
    return part.map(() => ({ outcome: 'failed', error }));
  }
}

/** Without a window: behind the promises that are settling now, so that callers who await first still come along. */
function afterWindow(windowMs: number, then: () => void): void {
  if (windowMs > 0) setTimeout(then, windowMs);
  else Promise.resolve().then(() => process.nextTick(then));
}
