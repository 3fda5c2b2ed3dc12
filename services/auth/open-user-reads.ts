import { MAX_ANSWER_LAG_MS } from '@rollcall/contract/user';
import type { Logger } from '@rollcall/runtime';
import { isDatabaseUnavailable, type Pool, PoolExhaustedError } from '@rollcall/runtime/postgres';
import type { ChangeFeed } from './feed/change-feed.ts';
import { followReplica, type Replica } from './postgres/feed/replica.ts';
import type { ContactSeal } from './postgres/rows/contact-seal.ts';
import { createPostgresUserReads } from './postgres/users/postgres-user-reads.ts';
import type { UserReads } from './users/reading/user-reads.ts';
import { withReplicas } from './users/reading/with-replicas.ts';
import { withRequestCoalescing } from './users/reading/with-request-coalescing.ts';
import { type CachedUserReads, withUserCache } from './users/reading/with-user-cache.ts';

/** The name of a user that was written. */
interface WrittenUser {
  readonly tenantId: string;
  readonly id: string;
}

interface UserReadsOptions {
  /** Most users in memory. 0: none. */
  readonly maxCachedUsers: number;
  readonly pool: Pool;
  /** One for each replica. */
  readonly replicaPools: readonly Pool[];
  /** Asks the primary how far its log has come. */
  readonly feedPool: Pool;
  readonly seal: ContactSeal;
  readonly feed: ChangeFeed;
  /** Called when the feed is of another database: connections must be opened anew. */
  readonly renewPools: () => void;
  readonly logger: Logger;
}

/** Reads of users that follow the change feed. Disposing it ends the replicas. */
export interface OpenUserReads extends AsyncDisposable {
  readonly reads: UserReads;
  /** Must be called after each commit of this process, before the caller gets its answer. */
  onCommitted(written: readonly WrittenUser[]): void;
}

/** Layers the reads (cache, coalescing, replicas, primary) and attaches them to the feed. */
export async function openUserReads(options: UserReadsOptions): Promise<OpenUserReads> {
  const { pool, seal, feed, logger } = options;
  await using stack = new AsyncDisposableStack();
  const replicas = options.replicaPools.map((replicaPool, i) =>
    stack.use(follow(replicaPool, i + 1, options)),
  );
  let feedAttachedSinceMs = Number.POSITIVE_INFINITY;
  const replicated = withReplicas(createPostgresUserReads(pool, seal), {
    replicas,
    maxLagMs: MAX_ANSWER_LAG_MS,
    feedAttachedSinceMs: () => feedAttachedSinceMs,
    isUnavailable: (error) => isDatabaseUnavailable(error) || error instanceof PoolExhaustedError,
  });
  const reads = withCache(withRequestCoalescing(replicated), options.maxCachedUsers, feed);
  const invalidate = (changes: readonly WrittenUser[]) => {
    // Before the cache, so that no read of a replica fills it again.
    if (replicas.length > 0) replicated.markChanged(changes);
    for (const { tenantId, id } of changes) reads.invalidate(tenantId, id);
  };
  const onReplaced = (id: string, before: string) => {
    logger.warn({ feed: id, before }, 'the database went back or is another one: everything is read again');
    // Before the cache, so that what fills it is of the new database.
    options.renewPools();
    for (const replica of replicas) replica.fail();
    feedAttachedSinceMs = performance.now();
    reads.invalidateAll();
  };
  await feed.attach({ onChanged: invalidate, onReplaced });
  feedAttachedSinceMs = performance.now();
  const closers = stack.move();
  return {
    reads,
    onCommitted(written) {
      invalidate(written);
      feed.wake();
    },
    [Symbol.asyncDispose]: () => closers.disposeAsync(),
  };
}

function follow(pool: Pool, replica: number, { seal, feed, feedPool, logger }: UserReadsOptions): Replica {
  return followReplica({
    reads: createPostgresUserReads(pool, seal),
    pool,
    primary: feedPool,
    feed: () => feed.id,
    onChange: (isAnswering, error) =>
      logger[isAnswering ? 'info' : 'warn'](
        { replica, isAnswering, error },
        'the state of a replica changed',
      ),
  });
}

function withCache(reads: UserReads, maxEntries: number, { isFeedCurrent }: ChangeFeed): CachedUserReads {
  return maxEntries > 0
    ? withUserCache(reads, { maxEntries, isFeedCurrent })
    : { ...reads, invalidate: () => {}, invalidateAll: () => {} };
}
