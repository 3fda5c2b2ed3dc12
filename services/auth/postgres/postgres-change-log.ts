import type { Pool } from '@rollcall/runtime/postgres';
import type { ChangeLog, FeedStretch } from '../feed/change-log.ts';
import type { FeedPosition } from '../feed/feed-position.ts';
import type { UserChange, UserChangeKind } from '../users/user-change.ts';
import { createSnapshotClock } from './snapshot-clock.ts';

interface ChangeRow {
  end_xid: string;
  xmax: string;
  now: Date;
  seq: string | null;
  tenant_id: string;
  user_id: string;
  version: string;
  kind: UserChangeKind;
}

// The end is taken in the same snapshot as the rows. A left join answers it also where there is no row.
const READ = `
  with bound as (
    select coalesce($2::text::xid8, pg_snapshot_xmin(s)) as end_xid, pg_snapshot_xmax(s) as xmax,
      -- Of the statement's beginning, before its snapshot: nothing that is missing in the one was committed before the other.
      statement_timestamp() as now
    from pg_current_snapshot() s
  )
  select b.end_xid::text, b.xmax::text, b.now, c.seq, c.tenant_id, c.user_id, c.version, c.kind
  from bound b left join lateral (
    select seq, tenant_id, user_id, version, kind from user_changes
    where xid >= $1::text::xid8 and xid < b.end_xid and seq > $3 and ($4::text[] is null or tenant_id = any($4))
    order by seq limit $5
  ) c on true
  order by c.seq`;

const BOUNDS = `
  select f.feed_id, f.removed_through::text, pg_snapshot_xmin(s)::text as xmin, pg_snapshot_xmax(s)::text as xmax
  from user_change_feed f, pg_current_snapshot() s`;

const REMOVE = `
  with old as (
    select max(xid) as xid from user_changes
    where create_time < now() - make_interval(secs => $1) and xid < pg_snapshot_xmin(pg_current_snapshot())
  ), mark as (
    update user_change_feed set removed_through = old.xid from old
    where old.xid is not null and old.xid > removed_through
    returning removed_through
  )
  delete from user_changes using mark where xid <= mark.removed_through`;

/** The change feed in table `user_changes`; see its migration for why it is read by snapshot. */
export function createPostgresChangeLog(pool: Pool): ChangeLog {
  const clock = createSnapshotClock();
  return {
    async bounds() {
      const { rows } = await pool.query({ name: 'feed_bounds', text: BOUNDS });
      const { feed_id, removed_through, xmin, xmax } = rows[0];
      return {
        feedId: feed_id,
        removedThrough: BigInt(removed_through),
        now: { xid: BigInt(xmin) },
        xmax: BigInt(xmax),
      };
    },
    async read(after, { limit, tenantIds }) {
      const values = [
        String(after.xid),
        after.within ? String(after.within.endXid) : null,
        String(after.within?.seq ?? 0n),
        tenantIds ?? null,
        limit + 1,
      ];
      const { rows } = await pool.query<ChangeRow>({ name: 'feed_read', text: READ, values });
      return toStretch(rows, { after, limit, clock });
    },
    async removeOlderThan(ageMs) {
      const { rowCount } = await pool.query({ name: 'feed_remove', text: REMOVE, values: [ageMs / 1000] });
      return rowCount ?? 0;
    },
  };
}

function toStretch(
  rows: readonly ChangeRow[],
  {
    after,
    limit,
    clock,
  }: { after: FeedPosition; limit: number; clock: ReturnType<typeof createSnapshotClock> },
): FeedStretch {
  const [first] = rows;
  if (!first) throw new Error('The feed was read without an end.');
  const endXid = BigInt(first.end_xid);
  const found = rows.filter((row) => row.seq !== null);
  const kept = found.slice(0, limit);
  const last = kept.at(-1);
  const more = found.length > limit;
  const position =
    more && last ? { xid: after.xid, within: { endXid, seq: BigInt(last.seq as string) } } : { xid: endXid };
  clock.note({ at: first.now, xmax: BigInt(first.xmax) });
  return {
    changes: kept.map(toChange),
    position,
    more,
    time: clock.completeUntil(more ? after.xid : endXid),
  };
}

function toChange(row: ChangeRow): UserChange {
  return { tenantId: row.tenant_id, id: row.user_id, version: BigInt(row.version), kind: row.kind };
}
