import type { Pool } from '@rollcall/runtime/postgres';
import type { TimelineSource } from '../../users/records/timeline.ts';

interface MergeEntryRow {
  id: string;
  time: Date;
  merge_id: string;
  survivor_id: string;
  loser_id: string;
  undone: boolean;
}

// A merge and its undoing are two entries; whoever answers for an id tells what that one took part in.
const ENTRIES = {
  name: 'merge_timeline',
  text: `with events as (
      select m.*, e.id, e.time, e.undone from user_merges m, lateral (values
        (m.merge_id, m.create_time, false), (m.undo_id, m.undone_time, true)) as e (id, time, undone)
      where m.tenant_id = $1 and (m.survivor_id = $2 or m.loser_id = $2) and e.id is not null
    )
    select id, time, merge_id, survivor_id, loser_id, undone from events
    where $3::timestamptz is null or (time, id) < ($3, $4::uuid)
    order by time desc, id desc limit $5`,
};

/** The part of a timeline that tells of merges. */
export function createMergeTimeline(pool: Pool): TimelineSource {
  return {
    async find({ tenantId, userId, before, limit }) {
      const values = [tenantId, userId, before ? new Date(before.timeMs) : null, before?.id ?? null, limit];
      const { rows } = await pool.query<MergeEntryRow>({ ...ENTRIES, values });
      return rows.map(
        ({ id, time, merge_id: mergeId, survivor_id: survivorId, loser_id: loserId, undone }) => ({
          time,
          recordTime: time,
          id,
          content: { case: 'merge' as const, value: { mergeId, survivorId, loserId, undone } },
        }),
      );
    },
  };
}
