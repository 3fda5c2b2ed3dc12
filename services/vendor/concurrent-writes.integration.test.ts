import { afterAll, beforeAll, expect, it } from 'vitest';
import { startVendor, TENANT as tenantId, type VendorUnderTest } from './testing/start-vendor.ts';

let vendor: VendorUnderTest;

beforeAll(async () => {
  vendor = await startVendor();
});

afterAll(() => vendor[Symbol.asyncDispose]());

const WAITING = `select count(*)::int as n from pg_stat_activity
  where datname = current_database() and wait_event_type = 'Lock'`;

/** Locks a row until each of the writes waits for it, so that no write sees another. */
async function meet(
  table: 'activities' | 'vendors',
  id: string,
  writes: readonly (() => Promise<unknown>)[],
) {
  await vendor.sql('begin');
  await vendor.sql(`select 1 from ${table} where tenant_id = $1 and id = $2 for update`, [tenantId, id]);
  const begun = writes.map((write) => write());
  const waiting = async () => {
    await vendor.sql('select pg_stat_clear_snapshot()');
    return (await vendor.sql<{ n: number }>(WAITING))[0]?.n;
  };
  await expect.poll(waiting, { timeout: 15_000, interval: 5 }).toBe(writes.length);
  await vendor.sql('commit');
  await Promise.all(begun);
}

it('T1: writers of different fields of an activity lose nothing', async () => {
  const { id } = await vendor.offer(await vendor.makeVendor());
  const update = (fields: object, path: string) => () =>
    vendor.activities.updateActivity({
      tenantId,
      activity: { id, ...fields },
      updateMask: { paths: [path] },
    });
  await meet('activities', id, [
    update({ title: 'New' }, 'title'),
    update({ description: 'Long' }, 'description'),
    update({ capacity: 7 }, 'capacity'),
  ]);
  const { activity } = await vendor.activities.getActivity({ tenantId, id });
  expect(activity).toMatchObject({ title: 'New', description: 'Long', capacity: 7 });
});

it('T1: writers of different fields of a vendor lose nothing', async () => {
  const { id } = await vendor.makeVendor();
  const update = (fields: object, path: string) => () =>
    vendor.vendors.updateVendor({ tenantId, vendor: { id, ...fields }, updateMask: { paths: [path] } });
  const serviceAreas = [{ countryCode: 'PT' }];
  await meet('vendors', id, [
    update({ businessLicense: 'L-9' }, 'business_license'),
    update({ serviceAreas }, 'service_areas'),
  ]);
  const rows = await vendor.sql(
    'select business_license, service_areas, version::int from vendors where tenant_id = $1 and id = $2',
    [tenantId, id],
  );
  expect(rows).toMatchObject([
    { business_license: 'L-9', service_areas: [{ countryCode: 'PT' }], version: 3 },
  ]);
});
