import { randomUUID } from 'node:crypto';
import { ActivityState, VerificationState } from '@rollcall/contract/vendor';
import { faultOf } from '@rollcall/transport/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type AuthUnderTest, startAuth } from '../../user-access/testing/start-auth.ts';
import { startVendor, TENANT, type VendorUnderTest } from '../testing/start-vendor.ts';

const tenantId = TENANT;
const stack = new AsyncDisposableStack();
let auth: AuthUnderTest;
let vendor: VendorUnderTest;

beforeAll(async () => {
  auth = stack.use(await startAuth());
  vendor = stack.use(await startVendor({ AUTH_ADDRESS: auth.address }));
});

afterAll(() => stack.disposeAsync());

async function makeVendor(userId: string) {
  const { vendor: made } = await vendor.vendors.createVendor({ tenantId, vendor: { userId } });
  if (!made) throw new Error('no vendor was made');
  return made;
}

async function merge(loserId: string, survivorId: string): Promise<string> {
  const plan = { survivorId, loserId };
  const { mergeId } = await auth.admin.mergeUsers({ tenantId, plan, requestId: randomUUID() });
  return mergeId;
}

const vendorOf = async (userId: string) =>
  vendor.vendors
    .getVendor({ tenantId, key: { case: 'userId', value: userId } })
    .then((response) => response.vendor?.id)
    .catch(() => undefined);

/** Waits until the service has read the survivor of an id from the feed. */
async function hasHeard(userId: string, survivorIds: string[]): Promise<void> {
  const read = async () => {
    const text = 'select survivor_id from user_aliases where user_id = $1';
    return (await vendor.sql<{ survivor_id: string }>(text, [userId])).map((row) => row.survivor_id);
  };
  await expect.poll(read, { timeout: 15_000 }).toEqual(survivorIds);
}

it('keeps a vendor working after its user was merged, and finds it by both ids', async () => {
  const [ann, anna] = [await auth.createUser(tenantId), await auth.createUser(tenantId)];
  const made = await makeVendor(ann);
  const mergeId = await merge(ann, anna);
  await hasHeard(ann, [anna]);
  expect(await vendorOf(ann)).toBe(made.id);
  expect(await vendorOf(anna)).toBe(made.id);

  const verified = await vendor.verify(made, VerificationState.SUBMITTED, VerificationState.VERIFIED);
  expect(verified.userId).toBe(ann);
  const activity = await vendor.offer(verified, { state: ActivityState.PUBLISHED });
  expect(activity.vendorUser).toMatchObject({ id: ann, user: { id: anna } });
  for (const userId of [ann, anna])
    expect(await faultOf(vendor.vendors.createVendor({ tenantId, vendor: { userId } }))).toMatchObject({
      reason: 'VENDOR_EXISTS',
    });

  await auth.admin.unmergeUsers({ tenantId, mergeId, requestId: randomUUID() });
  await hasHeard(ann, []);
  expect(await vendorOf(ann)).toBe(made.id);
  expect(await vendorOf(anna)).toBeUndefined();
});

it('finds the requested one of two vendors whose users were merged', async () => {
  const [ben, benjamin] = [await auth.createUser(tenantId), await auth.createUser(tenantId)];
  const [older, newer] = [await makeVendor(ben), await makeVendor(benjamin)];
  await merge(ben, benjamin);
  await hasHeard(ben, [benjamin]);
  expect([await vendorOf(ben), await vendorOf(benjamin)]).toEqual([older.id, newer.id]);
});

it('makes the survivor the vendor when its old id is given, and finds it by the old id', async () => {
  const [cleo, cleopatra] = [await auth.createUser(tenantId), await auth.createUser(tenantId)];
  await merge(cleo, cleopatra);
  const made = await makeVendor(cleo);
  expect(made.userId).toBe(cleopatra);
  await vendor.sql('delete from user_aliases where user_id = $1', [cleo]);
  expect(await vendorOf(cleo)).toBe(made.id);
});
