import type { Activity, ActivityState } from '../activities/activity.ts';

/** A row of `activities`, with the user of its vendor. */
export interface ActivityRow {
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

/** What is selected of `activities a` and its vendor, `vendors v`. */
export const ACTIVITY_COLUMNS = `a.tenant_id, a.id, a.vendor_id, v.user_id, a.title, a.description, a.price_minor_units,
  a.price_currency, a.duration_minutes, a.capacity, a.state, a.create_time, a.update_time`;

/** Both, joined. */
export const ACTIVITIES = `activities a join vendors v on v.tenant_id = a.tenant_id and v.id = a.vendor_id`;

/** A row as an activity of the domain. */
export function activityFromRow(row: ActivityRow): Activity {
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
