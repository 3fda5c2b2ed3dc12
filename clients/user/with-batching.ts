import type { ClientCounters } from './counters.ts';
import type { UserAnswer, UserRead, UserReader, UserScope } from './user-reader.ts';

/** Most ids in one BatchGetUsers: the contract's own limit. */
export const MAX_BATCH_SIZE = 500;

/** How reads are put together. */
export interface BatchingOptions {
  /** Time in ms to wait for more reads. 0: until all that this turn of the event loop read from sockets is done. */
  batchWindowMs: number;
}

/** Who asked in one call, and what they were answered so far. */
interface Party {
  readonly answers: UserAnswer[];
  pending: number;
  readonly done: (answers: UserAnswer[]) => void;
}

/** One id of a batch, and the places where its answer is waited for. */
interface Seat {
  read: UserRead;
  readonly waiting: { readonly party: Party; readonly at: number }[];
}

/** Reads on their way to `next` together. */
interface Batch {
  readonly scope: UserScope;
  readonly isDemanding: boolean;
  /** By id, so that an id goes once. */
  readonly seats: Map<string, Seat>;
  /** The latest of its callers: one who waits shorter leaves earlier, and takes nobody along. */
  deadlineAtMs: number;
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
  // Few at a time: one per tenant and view that is asked for in the same tick.
  const open: Batch[] = [];

  function start(scope: UserScope, isDemanding: boolean): Batch {
    const batch: Batch = { scope, isDemanding, seats: new Map(), deadlineAtMs: 0 };
    open.push(batch);
    afterWindow(batchWindowMs, () => {
      open.splice(open.indexOf(batch), 1);
      for (const part of inParts([...batch.seats.values()])) send(batch, part);
    });
    return batch;
  }

  async function send({ scope, deadlineAtMs }: Batch, part: readonly Seat[]): Promise<void> {
    counters.batches += 1;
    counters.batchedIds += part.length;
    const reads = part.map(({ read }) => read);
    const answers = await readPart(next, { scope, reads, deadlineAtMs });
    for (let i = 0; i < part.length; i++)
      for (const { party, at } of part[i]?.waiting ?? []) seat(party, at, answers[i] as UserAnswer);
  }

  function join(scope: UserScope, read: UserRead): Batch {
    const isDemanding = read.minVersion > 0n;
    return open.find((batch) => isOf(batch, scope, isDemanding)) ?? start(scope, isDemanding);
  }

  return {
    readMany(scope, reads, call) {
      if (reads.length === 0) return Promise.resolve([]);
      return new Promise((done) => {
        const party: Party = { answers: new Array(reads.length), pending: reads.length, done };
        for (let at = 0; at < reads.length; at++) {
          const read = reads[at] as UserRead;
          const batch = join(scope, read);
          batch.deadlineAtMs = Math.max(batch.deadlineAtMs, call.deadlineAtMs);
          const taken = batch.seats.get(read.id);
          if (taken === undefined) batch.seats.set(read.id, { read, waiting: [{ party, at }] });
          else {
            taken.read = merge(taken.read, read);
            taken.waiting.push({ party, at });
          }
        }
      });
    },
  };
}

function isOf(batch: Batch, { tenantId, view }: UserScope, isDemanding: boolean): boolean {
  return batch.scope.tenantId === tenantId && batch.scope.view === view && batch.isDemanding === isDemanding;
}

function seat(party: Party, at: number, answer: UserAnswer): void {
  party.answers[at] = answer;
  party.pending -= 1;
  if (party.pending === 0) party.done(party.answers);
}

/** Both must be content: the higher version, and `unchanged` only where both hold the same. */
function merge(one: UserRead, other: UserRead): UserRead {
  const { minVersion } = one.minVersion > other.minVersion ? one : other;
  if (one.knownVersion === undefined || one.knownVersion !== other.knownVersion)
    return { id: other.id, minVersion };
  return { ...other, minVersion };
}

/** As few as may be, and of one size, so that the service answers one while the next is read. */
function inParts<Item>(items: readonly Item[]): (readonly Item[])[] {
  const size = Math.ceil(items.length / Math.ceil(items.length / MAX_BATCH_SIZE));
  return Array.from({ length: Math.ceil(items.length / size) }, (_, i) =>
    items.slice(i * size, (i + 1) * size),
  );
}

async function readPart(
  next: UserReader,
  { scope, reads, deadlineAtMs }: { scope: UserScope; reads: readonly UserRead[]; deadlineAtMs: number },
): Promise<readonly UserAnswer[]> {
  try {
    return await next.readMany(scope, reads, { deadlineAtMs });
  } catch (error) {
    return reads.map(() => ({ outcome: 'failed', error }));
  }
}

/** Without a window: behind all that this turn of the loop read from sockets, which is where callers come from. */
function afterWindow(windowMs: number, then: () => void): void {
  if (windowMs > 0) setTimeout(then, windowMs);
  else setImmediate(then);
}
