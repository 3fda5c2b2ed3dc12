import { randomUUID } from 'node:crypto';
import { ActivityState, VerificationState } from '@rollcall/contract/vendor';
import { faultOf } from '@rollcall/transport/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type AuthUnderTest, startAuth } from '../../user-access/testing/start-auth.ts';
import { startVendor, TENANT, type VendorUnderTest } from '../testing/start-vendor.ts';

const tenantId = TENANT;
const { SUBMITTED, VERIFIED, SUSPENDED } = VerificationState;
const stack = new AsyncDisposableStack();
let auth: AuthUnderTest;
let vendor: VendorUnderTest;

beforeAll(async () => {
  auth = stack.use(await startAuth());
  vendor = stack.use(await startVendor({ AUTH_ADDRESS: auth.address }));
});

afterAll(() => stack.disposeAsync());

/** Waits until no job waits. The test's own timeout ends the wait. */
async function drained(): Promise<void> {
  const waits = 'select from graphile_worker.jobs where attempts < max_attempts or locked_at is not null';
  while ((await vendor.sql(waits)).length > 0) await new Promise((resolve) => setTimeout(resolve, 20));
}

async function timelineOf(id: string) {
  const { entries } = await auth.admin.listTimeline({ tenantId, id });
  return entries.map(({ entry }) => (entry.case === 'activity' ? entry.value : undefined));
}

describe('an activity of a vendor', () => {
  it('is recorded once on the user’s timeline, however often it is requested', async () => {
    const userId = await auth.createUser(tenantId);
    const request = { tenantId, requestId: randomUUID(), vendor: { userId } };
    const { vendor: made } = await vendor.vendors.createVendor(request);
    const id = made?.id ?? '';
    await vendor.vendors.createVendor(request);
    for (const state of [SUBMITTED, SUBMITTED, VERIFIED, VERIFIED, SUSPENDED])
      await vendor.vendors.changeVerification({ tenantId, id, state, note: 'between us' });
    const offer = { tenantId, requestId: randomUUID(), activity: { vendorId: id, title: 'A tour' } };
    const { activity } = await vendor.activities.createActivity(offer);
    await vendor.activities.createActivity(offer);
    await drained();
    const entries = await timelineOf(userId);
    expect(entries.map((each) => each?.kind).sort()).toEqual([
      'vendor.activity_created',
      'vendor.created',
      'vendor.submitted',
      'vendor.suspended',
      'vendor.verified',
    ]);
    expect(new Set(entries.map((each) => each?.source))).toEqual(new Set(['vendor']));
    expect(entries.find((each) => each?.kind === 'vendor.activity_created')).toMatchObject({
      summary: 'Offers an activity',
      attributes: { vendor_id: id, activity_id: activity?.id },
    });
    expect(JSON.stringify(entries.map((each) => each?.attributes))).not.toContain('between us');
  });

  it('is not recorded when the request is refused', async () => {
    const userId = await auth.createUser(tenantId);
    const { vendor: made } = await vendor.vendors.createVendor({ tenantId, vendor: { userId } });
    const id = made?.id ?? '';
    await drained();
    expect(await faultOf(vendor.vendors.changeVerification({ tenantId, id, state: VERIFIED }))).toMatchObject(
      { reason: 'VERIFICATION_CHANGE_REFUSED' },
    );
    const activity = { vendorId: id, title: 'A tour', state: ActivityState.PUBLISHED };
    expect(await faultOf(vendor.activities.createActivity({ tenantId, activity }))).toMatchObject({
      reason: 'VENDOR_NOT_VERIFIED',
    });
    expect(await faultOf(vendor.vendors.createVendor({ tenantId, vendor: { userId } }))).toMatchObject({
      reason: 'VENDOR_EXISTS',
    });
    expect(await vendor.sql('select from graphile_worker.jobs')).toEqual([]);
    expect(await timelineOf(userId)).toHaveLength(1);
  });

  it('is recorded after an outage of the user service, and changes the vendor at once', async () => {
    const userId = await auth.createUser(tenantId);
    const { vendor: made } = await vendor.vendors.createVendor({ tenantId, vendor: { userId } });
    const id = made?.id ?? '';
    await drained();
    await auth.kill();
    for (const state of [SUBMITTED, VERIFIED])
      await vendor.vendors.changeVerification({ tenantId, id, state });
    const activity = { vendorId: id, title: 'A tour', state: ActivityState.PUBLISHED };
    await vendor.activities.createActivity({ tenantId, activity });
    const metrics = () =>
      fetch(`http://127.0.0.1:${vendor.service.servers.http.port}/metrics`).then((response) =>
        response.text(),
      );
    while (!/rollcall_outbox\w+\{[^}]*outcome="away"[^}]*\} [1-9]/.test(await metrics()))
      await new Promise((resolve) => setTimeout(resolve, 50));
    expect(await vendor.sql('select from graphile_worker.jobs')).toHaveLength(3);
    await auth.start();
    await drained();
    expect((await timelineOf(userId)).map((each) => each?.kind).sort()).toEqual([
      'vendor.activity_created',
      'vendor.created',
      'vendor.submitted',
      'vendor.verified',
    ]);
  });
});
