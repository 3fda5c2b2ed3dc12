import { type Pool, type PreparedStatement, runPrepared } from '@rollcall/runtime/postgres';
import type { ActivityReads } from '../activities/activity-reads.ts';
import { ACTIVITIES, ACTIVITY_COLUMNS, type ActivityRow, activityFromRow } from './activity-from-row.ts';
import { boundsOf } from './page-bounds.ts';

/** Reads by named prepared statements, each planned once per connection. */
export function createPostgresActivityReads(pool: Pool): ActivityReads {
  const select = async (statement: PreparedStatement, values: unknown[]) =>
    (await runPrepared<ActivityRow>(pool, statement, values)).map(activityFromRow);
  return {
    find: async (tenantId, id) => (await select(FIND, [tenantId, id]))[0],
    list({ tenantId, vendorId, states, limit, after }) {
      const values = [tenantId, ...boundsOf(after), limit];
      if (vendorId && states.length > 0)
        return select(LIST_OF_VENDOR_IN_STATES, [...values, states, vendorId]);
      if (vendorId) return select(LIST_OF_VENDOR, [...values, vendorId]);
      return states.length > 0 ? select(LIST_IN_STATES, [...values, states]) : select(LIST, values);
    },
  };
}

const SELECT = `select ${ACTIVITY_COLUMNS} from ${ACTIVITIES} where a.tenant_id = $1`;

const PAGE = `and (a.create_time, a.id) < ($2::timestamptz, $3::uuid) order by a.create_time desc, a.id desc limit $4`;

const FIND = { name: 'activity', text: `${SELECT} and a.id = $2` };

// One statement for each set of filters, so that none is planned for filters that are not there.
const LIST = { name: 'activities', text: `${SELECT} ${PAGE}` };

const LIST_IN_STATES = {
  name: 'activities_in_states',
  text: `${SELECT} and a.state = any($5::text[]) ${PAGE}`,
};

const LIST_OF_VENDOR = { name: 'activities_of_vendor', text: `${SELECT} and a.vendor_id = $5 ${PAGE}` };

const LIST_OF_VENDOR_IN_STATES = {
  name: 'activities_of_vendor_in_states',
  text: `${SELECT} and a.vendor_id = $6 and a.state = any($5::text[]) ${PAGE}`,
};
