import type { Pool } from '@rollcall/runtime/postgres';
import type { ChangeLog, FeedBatch, FeedHolder, FeedPosition } from '../../feed/change-log.ts';
import type { UserView } from '../../users/user.ts';
import type { UserChange, UserChangeKind } from '../../users/user-change.ts';
import { createSnapshotClock } from './snapshot-clock.ts';

interface ChangeRow {
  feed: string;
  xmin: string;
  end_xid: string;
  xmax: string;
  now: Date;
  seq: string | null;
  tenant_id: string;
  user_id: string;
  version: string;
  kind: UserChangeKind;
  touched_view: UserView | null;
  figures_view: UserView | null;
  update_time: Date | null;
}

/**
 * SQL expression for the identity of the feed.
 * A position in the feed is a transaction id, and transaction ids mean something else after
 * - a restored backup: shown by `feed_id`, which the operator renews;
 * - a dump into another cluster: shown by the system identifier;
 * - a promotion or a recovery to a point in time: shown by the timeline, which PostgreSQL hides on a standby;
 * - a crash or a copy of the files, which reuse ids whose log was not written yet: shown by the time of the
 * last reset of the statistics, because recovery resets them and a regular stop keeps them.
 */
export const FEED_IDENTITY = `(
  select concat_ws('-', left(f.feed_id::text, 8), to_hex(c.system_identifier),
    left(pg_walfile_name(pg_current_wal_lsn()), 8),
    to_hex((extract(epoch from (pg_stat_get_archiver()).stats_reset) * 1000)::bigint))
  from user_change_feed f, pg_control_system() c)`;

// The statement that reads the rows also reads the end and the identity; the left join returns them without
// rows too. The function `user_changes_with_views` holds the settings that the read needs: see migration
// `2026-12-01-pooled-feed`.
const READ = `
  with bound as (
    select coalesce($2::text::xid8, pg_snapshot_xmin(s)) as end_xid, pg_snapshot_xmin(s) as xmin,
      pg_snapshot_xmax(s) as xmax,
      -- The start of the statement, before its snapshot: a change that the snapshot misses was committed later.
      statement_timestamp() as now,
      ${FEED_IDENTITY} as feed
    from pg_current_snapshot() s
  )
  select b.feed, b.xmin::text, b.end_xid::text, b.xmax::text, b.now,
    c.seq, c.tenant_id, c.user_id, c.version, c.kind, c.touched_view, c.figures_view, c.update_time
  from bound b left join lateral user_changes_with_views($1::text::xid8, b.end_xid, $3, $4, $5) c on true
  order by c.seq`;

const BOUNDS = `
  select ${FEED_IDENTITY} as feed, f.removed_through::text,
    pg_snapshot_xmin(s)::text as xmin, pg_snapshot_xmax(s)::text as xmax
  from user_change_feed f, pg_current_snapshot() s`;

// Cursors of this feed lie behind everything that an earlier feed removed. Rows of transactions that this
// cluster has not reached came with a dump; without the delete they would be sent later.
const ADOPT = `
  with adopted as (
    update user_change_feed set line = now.feed, removed_through = '0'
    from (select ${FEED_IDENTITY} as feed) now
    where line is distinct from now.feed
    returning 1
  )
  delete from user_changes
  where exists (select from adopted) and xid >= pg_snapshot_xmax(pg_current_snapshot())`;

const RENEW = `update user_change_feed set feed_id = gen_random_uuid()`;

// A role without pg_monitor sees the process and the transaction id of other sessions, but not their start.
const HOLDER = `
  select database, pid, who, (extract(epoch from clock_timestamp() - since) * 1000)::float8 as age_ms
  from (
    select datname as database, pid, concat_ws(' ', usename, nullif(application_name, '')) as who,
      xact_start as since, backend_xid as xid
    from pg_stat_activity where backend_xid is not null
    union all
    select database, null, concat('prepared transaction ', gid), prepared, transaction from pg_prepared_xacts
  ) holders
  order by age(xid) desc limit 1`;

const REMOVE = 'select remove_user_changes($1) as removed';

/** The change feed in table `user_changes`. Its migration explains why it is read by snapshot. */
export function createPostgresChangeLog(pool: Pool): ChangeLog {
  const clocks = createFeedClocks();
  const readBounds = async () => {
    const { rows } = await pool.query({ name: 'feed_bounds', text: BOUNDS });
    const { feed, removed_through, xmin, xmax } = rows[0];
    return {
      feed: feed as string,
      removedThrough: BigInt(removed_through),
      now: { xid: BigInt(xmin) },
      xmax: BigInt(xmax),
    };
  };
  return {
    bounds: readBounds,
    async read(after, { limit, tenantIds }) {
      const values = [
        String(after.xid),
        after.within ? String(after.within.endXid) : null,
        String(after.within?.seq ?? 0n),
        tenantIds ?? null,
        limit + 1,
      ];
      const { rows } = await pool.query<ChangeRow>({ name: 'feed_read', text: READ, values });
      return toBatch(rows, { after, limit, clockOf: clocks });
    },
    adopt: async () => void (await pool.query({ name: 'feed_adopt', text: ADOPT })),
    async renew() {
      await pool.query(RENEW);
      return (await readBounds()).feed;
    },
    async holder() {
      const { rows } = await pool.query<HolderRow>({ name: 'feed_holder', text: HOLDER });
      return rows[0] && toHolder(rows[0]);
    },
    async removeOlderThan(ageMs) {
      const { rows } = await pool.query({ name: 'feed_remove', text: REMOVE, values: [ageMs / 1000] });
      return Number(rows[0].removed);
    },
  };
}

type SnapshotClock = ReturnType<typeof createSnapshotClock>;

/** One clock for each feed, because observations of one feed say nothing about another. */
function createFeedClocks(): (feed: string) => SnapshotClock {
  let known: { readonly feed: string; readonly clock: SnapshotClock } | undefined;
  return (feed) => {
    if (known?.feed !== feed) known = { feed, clock: createSnapshotClock() };
    return known.clock;
  };
}

function toBatch(
  rows: readonly ChangeRow[],
  { after, limit, clockOf }: { after: FeedPosition; limit: number; clockOf: (feed: string) => SnapshotClock },
): FeedBatch {
  const [first] = rows;
  if (!first) throw new Error('The feed was read without an end.');
  const { feed, now } = first;
  const endXid = BigInt(first.end_xid);
  const found = rows.filter((row) => row.seq !== null);
  const kept = found.slice(0, limit);
  const last = kept.at(-1);
  const more = found.length > limit;
  const position =
    more && last ? { xid: after.xid, within: { endXid, seq: BigInt(last.seq as string) } } : { xid: endXid };
  const clock = clockOf(feed);
  clock.record({ at: now, xmax: BigInt(first.xmax) });
  const time = clock.completeUntil(more ? after.xid : endXid);
  return {
    feed,
    changes: kept.map(toChange),
    position,
    now: { xid: BigInt(first.xmin) },
    hasMore: more,
    time,
    behindMs: now.getTime() - time.getTime(),
  };
}

function toChange(row: ChangeRow): UserChange {
  const { touched_view: content, figures_view: figures, update_time: updateTime } = row;
  return {
    tenantId: row.tenant_id,
    id: row.user_id,
    version: BigInt(row.version),
    kind: row.kind,
    touched: updateTime ? { content, figures: figuresFrom(figures), updateTime } : undefined,
  };
}

/** Earlier code showed ratings from BASIC on and wrote BASIC for changes of ratings only. */
function figuresFrom(written: UserView | null): UserView | null {
  return written === 'BASIC' ? 'REFERENCE' : written;
}

interface HolderRow {
  database: string;
  pid: number | null;
  who: string;
  age_ms: number | null;
}

function toHolder({ database, pid, who, age_ms }: HolderRow): FeedHolder {
  return { database, pid: pid ?? undefined, who, ageMs: age_ms ?? undefined };
}
