import { randomUUID } from 'node:crypto';
import { UserService, UserView } from '@rollcall/contract/user';
import { ActivityState, VerificationState } from '@rollcall/contract/vendor';
import { faultOf } from '@rollcall/transport/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startVendor, TENANT, type VendorUnderTest } from '../testing/start-vendor.ts';

let vendor: VendorUnderTest;

beforeAll(async () => {
  vendor = await startVendor();
});

afterAll(() => vendor[Symbol.asyncDispose]());

const tenantId = TENANT;
const { DRAFT, PUBLISHED, ARCHIVED } = ActivityState;

describe('CreateActivity', () => {
  it('keeps all fields of a draft, for any vendor', async () => {
    const made = await vendor.makeVendor();
    const terms = {
      title: 'Sea kayaking',
      description: 'Around the point and back.',
      price: { currencyCode: 'EUR', minorUnits: 4500n },
      durationMinutes: 180,
      capacity: 8,
    };
    const activity = await vendor.offer(made, terms);
    expect(activity).toMatchObject({ ...terms, tenantId, vendorId: made.id, state: DRAFT });
    expect(activity.vendorUser).toMatchObject({ id: made.userId, user: { displayName: 'Vera Vendor' } });
    const { activity: read } = await vendor.activities.getActivity({ tenantId, id: activity.id });
    expect(read).toEqual(activity);
  });

  it('shows the REFERENCE view of the user', async () => {
    const userId = randomUUID();
    vendor.users.put(tenantId, userId, { displayName: 'Vera', email: 'vera@example.org', averageRating: 4 });
    const activity = await vendor.offer(await vendor.makeVendor({ userId }));
    expect(activity.vendorUser?.user).toMatchObject({ displayName: 'Vera', email: '', averageRating: 4 });
    const asked = vendor.userService.requests(UserService.method.batchGetUsers);
    expect(asked.at(-1)?.view).toBe(UserView.REFERENCE);
  });

  it('publishes only for a verified vendor', async () => {
    const unverified = await vendor.makeVendor();
    expect(await faultOf(vendor.offer(unverified, { state: PUBLISHED }))).toMatchObject({
      code: 'FailedPrecondition',
      reason: 'VENDOR_NOT_VERIFIED',
      metadata: { id: unverified.id, verification_state: 'UNVERIFIED' },
    });
    const verified = await vendor.makeVerified();
    expect((await vendor.offer(verified, { state: PUBLISHED })).state).toBe(PUBLISHED);
  });

  it('answers a repeated request with the first result, and refuses other content under its id', async () => {
    const made = await vendor.makeVendor();
    const request = { tenantId, requestId: randomUUID(), activity: { vendorId: made.id, title: 'Once' } };
    const answers = await Promise.all(
      Array.from({ length: 4 }, () => vendor.activities.createActivity(request)),
    );
    expect(new Set(answers.map(({ activity }) => activity?.id)).size).toBe(1);
    expect(answers.filter(({ replayed }) => !replayed)).toHaveLength(1);
    const other = { ...request, activity: { ...request.activity, title: 'Twice' } };
    expect(await faultOf(vendor.activities.createActivity(other))).toMatchObject({
      reason: 'REQUEST_ID_REUSED',
    });
  });

  it('refuses invalid fields and an unknown vendor', async () => {
    const made = await vendor.makeVendor();
    const offer = (fields: object) => faultOf(vendor.offer(made, fields));
    expect(await offer({ title: ' ' })).toMatchObject({ fields: ['activity.title'] });
    expect(await offer({ description: '\0' })).toMatchObject({ fields: ['activity.description'] });
    expect(await offer({ price: { currencyCode: 'EUR', minorUnits: -1n } })).toMatchObject({
      fields: ['activity.price.minor_units'],
    });
    expect(await offer({ durationMinutes: -1 })).toMatchObject({ fields: ['activity.duration_minutes'] });
    expect(await faultOf(vendor.offer({ ...made, id: '' }))).toMatchObject({
      fields: ['activity.vendor_id'],
    });
    for (const elsewhere of [
      { ...made, id: randomUUID() },
      { ...made, tenantId: 'other' },
    ]) {
      expect(await faultOf(vendor.offer(elsewhere))).toMatchObject({ reason: 'VENDOR_NOT_FOUND' });
    }
  });
});

describe('UpdateActivity', () => {
  it('changes the fields of the mask only', async () => {
    const activity = await vendor.offer(await vendor.makeVendor(), { title: 'Old', capacity: 4 });
    const { id } = activity;
    const change = async (fields: object, paths: string[]) =>
      (
        await vendor.activities.updateActivity({
          tenantId,
          activity: { id, ...fields },
          updateMask: { paths },
        })
      ).activity;
    const price = { currencyCode: 'EUR', minorUnits: 100n };
    expect(await change({ title: 'New', price, capacity: 9 }, ['title', 'price'])).toMatchObject({
      title: 'New',
      price,
      capacity: 4,
    });
    expect((await change({}, ['price']))?.price).toBeUndefined();
    const archived = await change({ state: ARCHIVED }, ['state']);
    expect(archived).toMatchObject({ title: 'New', state: ARCHIVED });
    expect(await change({ state: ARCHIVED }, ['state'])).toEqual(archived);
  });

  it('refuses invalid fields and an unknown activity', async () => {
    const { id } = await vendor.offer(await vendor.makeVendor());
    const update = (fields: object, paths: string[], of = tenantId) =>
      faultOf(
        vendor.activities.updateActivity({
          tenantId: of,
          activity: { id, ...fields },
          updateMask: { paths },
        }),
      );
    expect(await update({}, [])).toMatchObject({ fields: ['update_mask'] });
    expect(await update({}, ['vendor_id'])).toMatchObject({ fields: ['update_mask'] });
    expect(await update({}, ['title'])).toMatchObject({ fields: ['activity.title'] });
    expect(await update({}, ['state'])).toMatchObject({ fields: ['activity.state'] });
    expect(await update({ id: '' }, ['title'])).toMatchObject({ fields: ['activity.id'] });
    expect(await update({ title: 'x' }, ['title'], 'other')).toMatchObject({ reason: 'ACTIVITY_NOT_FOUND' });
    expect(await faultOf(vendor.activities.getActivity({ tenantId: 'other', id }))).toMatchObject({
      code: 'NotFound',
      reason: 'ACTIVITY_NOT_FOUND',
    });
  });
});

describe('a suspended vendor', () => {
  it('has no published activity, and may publish again once it is verified again', async () => {
    const made = await vendor.makeVerified();
    const offered = await Promise.all([
      vendor.offer(made, { state: PUBLISHED }),
      vendor.offer(made, { state: ARCHIVED }),
      vendor.offer(made),
    ]);
    await vendor.verify(made, VerificationState.SUSPENDED);
    const statesOf = async () =>
      Promise.all(
        offered.map(
          async ({ id }) => (await vendor.activities.getActivity({ tenantId, id })).activity?.state,
        ),
      );
    expect(await statesOf()).toEqual([DRAFT, ARCHIVED, DRAFT]);
    const [{ id }] = offered;
    const publish = () =>
      vendor.activities.updateActivity({
        tenantId,
        activity: { id, state: PUBLISHED },
        updateMask: { paths: ['state'] },
      });
    expect(await faultOf(publish())).toMatchObject({ reason: 'VENDOR_NOT_VERIFIED' });
    await vendor.verify(made, VerificationState.VERIFIED);
    expect(await statesOf()).toEqual([DRAFT, ARCHIVED, DRAFT]);
    expect((await publish()).activity?.state).toBe(PUBLISHED);
  });

  it('has no published activity even when it publishes during the suspension', async () => {
    for (let round = 0; round < 8; round++) {
      const made = await vendor.makeVerified();
      const drafts = await Promise.all(Array.from({ length: 3 }, () => vendor.offer(made)));
      await Promise.allSettled([
        ...drafts.map(({ id }) =>
          vendor.activities.updateActivity({
            tenantId,
            activity: { id, state: PUBLISHED },
            updateMask: { paths: ['state'] },
          }),
        ),
        vendor.verify(made, VerificationState.SUSPENDED),
        vendor.offer(made, { state: PUBLISHED }),
      ]);
      const published = await vendor.activities.listActivities({
        tenantId,
        vendorId: made.id,
        states: [PUBLISHED],
      });
      expect(published.activities).toEqual([]);
    }
  });
});

describe('ListActivities', () => {
  it('lists by tenant, vendor and state, newest first, page by page', async () => {
    const tenant = 'offers';
    const [one, other] = [await vendor.makeVerified({}, tenant), await vendor.makeVendor({}, tenant)];
    const offers = [
      await vendor.offer(one, { state: PUBLISHED }),
      await vendor.offer(other),
      await vendor.offer(one, { state: ARCHIVED }),
      await vendor.offer(one, { state: PUBLISHED }),
    ].map(({ id }) => id);
    const [a, b, c, d] = offers;
    const idsOf = async (filter: object) => {
      const found: string[] = [];
      let pageToken = '';
      do {
        const page = await vendor.activities.listActivities({
          tenantId: tenant,
          pageSize: 1,
          pageToken,
          ...filter,
        });
        found.push(...page.activities.map(({ id }) => id));
        pageToken = page.nextPageToken;
      } while (pageToken !== '');
      return found;
    };
    expect(await idsOf({})).toEqual([d, c, b, a]);
    expect(await idsOf({ vendorId: one.id })).toEqual([d, c, a]);
    expect(await idsOf({ states: [PUBLISHED] })).toEqual([d, a]);
    expect(await idsOf({ vendorId: one.id, states: [ARCHIVED, DRAFT] })).toEqual([c]);
    expect(await idsOf({ vendorId: other.id, states: [PUBLISHED] })).toEqual([]);
  });

  it('ends a page before it exceeds one response, and continues behind it', async () => {
    const tenant = 'long';
    const made = await vendor.makeVendor({}, tenant);
    const COUNT = 200;
    await vendor.sql(
      `insert into activities (tenant_id, id, vendor_id, title, description, state, create_time, update_time)
       select $1, gen_random_uuid(), $2, 'T', repeat('語', 8000), 'DRAFT', now(), now() from generate_series(1, $3::int)`,
      [tenant, made.id, COUNT],
    );
    const first = await vendor.activities.listActivities({ tenantId: tenant, pageSize: 500 });
    expect(first.activities.length).toBeLessThan(COUNT);
    const { nextPageToken: pageToken } = first;
    const second = await vendor.activities.listActivities({ tenantId: tenant, pageSize: 500, pageToken });
    const ids = [...first.activities, ...second.activities].map(({ id }) => id);
    expect(new Set(ids).size).toBe(COUNT);
  });
});
