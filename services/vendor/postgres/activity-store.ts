import { Buffer } from 'node:buffer';
import {
  type Pool,
  type PreparedStatement,
  type RunPrepared,
  runPrepared,
  sqlState,
  transactPrepared,
  violatedConstraint,
} from '@rollcall/runtime/postgres';
import type { Activity, ActivityState, ActivityTerms } from '../activities/activity.ts';
import type { ActivityReads, ActivityWrites, OfferingVendor } from '../activities/activity-store.ts';
import { enqueueUserActivity } from '../outbox/user-activity.ts';
import { pageBounds } from '../page.ts';
import type { VerificationState } from '../vendors/vendor.ts';
import type { WriteRequest } from '../write-request.ts';

/** A row of `activities`, with the user of its vendor. */
interface ActivityRow {
  tenant_id: string;
  id: string;
  vendor_id: string;
  user_id: string;
  title: string;
  description: string;
  price_minor_units: string | null;
  price_currency: string | null;
  duration_minutes: number;
  capacity: number;
  state: ActivityState;
  create_time: Date;
  update_time: Date;
}

/** The columns of `activities a` and its vendor, `vendors v`. */
const ACTIVITY_COLUMNS = `a.tenant_id, a.id, a.vendor_id, v.user_id, a.title, a.description, a.price_minor_units,
  a.price_currency, a.duration_minutes, a.capacity, a.state, a.create_time, a.update_time`;

export const ACTIVITIES = `activities a join vendors v on v.tenant_id = a.tenant_id and v.id = a.vendor_id`;

function activityFromRow(row: ActivityRow): Activity {
  return {
    tenantId: row.tenant_id,
    id: row.id,
    vendorId: row.vendor_id,
    userId: row.user_id,
    title: row.title,
    description: row.description,
    price: priceOf(row),
    durationMinutes: row.duration_minutes,
    capacity: row.capacity,
    state: row.state,
    createTime: row.create_time,
    updateTime: row.update_time,
  };
}

function priceOf({ price_minor_units, price_currency }: ActivityRow): Activity['price'] {
  if (price_minor_units === null || price_currency === null) return null;
  return { currencyCode: price_currency, minorUnits: BigInt(price_minor_units) };
}

/** Creates a reader with named prepared statements, each planned once per connection. */
export function createPostgresActivityReads(pool: Pool): ActivityReads {
  const select = async (statement: PreparedStatement, values: unknown[]) =>
    (await runPrepared<ActivityRow>(pool, statement, values)).map(activityFromRow);
  return {
    find: async (tenantId, id) => (await select(FIND, [tenantId, id]))[0],
    list({ tenantId, vendorId, states, limit, after }) {
      const values = [tenantId, ...pageBounds(after), limit];
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

// One statement for each set of filters, so that no plan carries unused filters.
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

/** Creates a writer. It locks the vendor first and then the activity, in the order of a suspension. */
export function createPostgresActivityWrites(pool: Pool): ActivityWrites {
  return {
    async findByRequest(tenantId, requestId) {
      const rows = await runPrepared<RequestedRow>(pool, FIND_BY_REQUEST, [tenantId, requestId]);
      return rows[0] && { made: activityFromRow(rows[0]), fingerprint: rows[0].request_fingerprint };
    },
    insert: ({ tenantId, vendorId, request }, make) =>
      unlessRepeated(() =>
        transactPrepared(pool, async (run) => {
          const [row] = await run<VendorRow>(LOCK_VENDOR, [tenantId, vendorId]);
          if (!row) return 'no_vendor';
          const { activity, userActivity } = make(toVendor(row));
          await insertActivity(run, activity, request);
          await enqueueUserActivity(run, tenantId, userActivity);
          return activity;
        }),
      ),
    change: (tenantId, id, decide) =>
      transactPrepared(pool, async (run) => {
        const [vendor] = await run<VendorRow>(LOCK_VENDOR_OF, [tenantId, id]);
        const [row] = vendor ? await run<ActivityRow>(LOCK, [tenantId, id]) : [];
        if (!vendor || !row) return undefined;
        const activity = activityFromRow(row);
        const changes = decide(activity, toVendor(vendor));
        return changes ? await updateActivity(run, activity, changes) : activity;
      }),
  };
}

interface RequestedRow extends ActivityRow {
  request_fingerprint: Uint8Array;
}

interface VendorRow {
  id: string;
  user_id: string;
  verification_state: VerificationState;
}

function toVendor({ id, user_id, verification_state }: VendorRow): OfferingVendor {
  return { id, userId: user_id, verificationState: verification_state };
}

async function unlessRepeated<T>(insert: () => Promise<T>): Promise<T | 'request_used'> {
  try {
    return await insert();
  } catch (error) {
    const constraint = sqlState(error) === '23505' ? violatedConstraint(error) : undefined;
    if (constraint === 'activities_request_id') return 'request_used';
    throw error;
  }
}

async function insertActivity(
  run: RunPrepared,
  activity: Activity,
  request: WriteRequest | undefined,
): Promise<void> {
  await run(INSERT, [
    activity.tenantId,
    activity.id,
    activity.vendorId,
    ...termValues(activity),
    activity.createTime,
    request?.id ?? null,
    request ? Buffer.from(request.fingerprint) : null,
  ]);
}

async function updateActivity(
  run: RunPrepared,
  activity: Activity,
  changes: Partial<ActivityTerms>,
): Promise<Activity> {
  const next = { ...activity, ...changes, updateTime: new Date() };
  await run(UPDATE, [next.tenantId, next.id, ...termValues(next), next.updateTime]);
  return next;
}

function termValues({ title, description, price, durationMinutes, capacity, state }: ActivityTerms) {
  const { minorUnits = null, currencyCode = null } = price ?? {};
  return [title, description, minorUnits, currencyCode, durationMinutes, capacity, state];
}

const FIND_BY_REQUEST = {
  name: 'activity_by_request',
  text: `select ${ACTIVITY_COLUMNS}, a.request_fingerprint from ${ACTIVITIES} where a.tenant_id = $1 and a.request_id = $2`,
};

const LOCK_VENDOR = {
  name: 'vendor_hold',
  text: `select id, user_id, verification_state from vendors where tenant_id = $1 and id = $2 for share`,
};

const LOCK_VENDOR_OF = {
  name: 'vendor_hold_of_activity',
  text: `select id, user_id, verification_state from vendors
    where tenant_id = $1 and id = (select vendor_id from activities where tenant_id = $1 and id = $2) for share`,
};

const LOCK = {
  name: 'activity_lock',
  text: `select ${ACTIVITY_COLUMNS} from ${ACTIVITIES} where a.tenant_id = $1 and a.id = $2 for update of a`,
};

const INSERT = {
  name: 'activity_insert',
  text: `insert into activities (tenant_id, id, vendor_id, title, description, price_minor_units, price_currency,
      duration_minutes, capacity, state, create_time, update_time, request_id, request_fingerprint)
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $11, $12, $13)`,
};

const UPDATE = {
  name: 'activity_update',
  text: `update activities set title = $3, description = $4, price_minor_units = $5, price_currency = $6,
      duration_minutes = $7, capacity = $8, state = $9, update_time = $10
    where tenant_id = $1 and id = $2`,
};
