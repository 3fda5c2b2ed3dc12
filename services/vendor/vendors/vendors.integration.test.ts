import { randomUUID } from 'node:crypto';
import { UserService, UserState, UserView } from '@rollcall/contract/user';
import { VerificationState } from '@rollcall/contract/vendor';
import { faultOf } from '@rollcall/transport/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startVendor, TENANT, type VendorUnderTest } from '../testing/start-vendor.ts';

let vendor: VendorUnderTest;

beforeAll(async () => {
  vendor = await startVendor();
});

afterAll(() => vendor[Symbol.asyncDispose]());

const tenantId = TENANT;

describe('CreateVendor', () => {
  it('makes an active user an unverified vendor', async () => {
    const userId = randomUUID();
    vendor.users.put(tenantId, userId, { displayName: 'Vera', businessName: 'Vera & Sons' });
    const serviceAreas = [{ countryCode: 'PT', region: 'Alentejo', postalCodePrefix: '7' }];
    const { vendor: made, replayed } = await vendor.vendors.createVendor({
      tenantId,
      vendor: { userId: userId.toUpperCase(), businessLicense: 'L-1', serviceAreas },
    });
    expect(replayed).toBe(false);
    expect(made).toMatchObject({
      tenantId,
      userId,
      businessLicense: 'L-1',
      serviceAreas,
      verificationState: VerificationState.UNVERIFIED,
      etag: 'v1',
      user: { id: userId, stale: false, user: { businessName: 'Vera & Sons' } },
    });
    expect(made?.verifyTime).toBeUndefined();
  });

  it('makes one vendor per user, also of many calls at once', async () => {
    const userId = randomUUID();
    vendor.users.put(tenantId, userId);
    const calls = Array.from({ length: 8 }, () =>
      vendor.vendors.createVendor({ tenantId, vendor: { userId } }).then(
        () => 'made',
        (error) => faultOf(Promise.reject(error)),
      ),
    );
    const outcomes = await Promise.all(calls);
    expect(outcomes.filter((each) => each === 'made')).toHaveLength(1);
    expect(outcomes.find((each) => each !== 'made')).toMatchObject({
      code: 'AlreadyExists',
      reason: 'VENDOR_EXISTS',
    });
  });

  it('answers a repeated request with the first result, and refuses other content under its id', async () => {
    const [userId, requestId] = [randomUUID(), randomUUID()];
    vendor.users.put(tenantId, userId);
    const request = { tenantId, requestId, vendor: { userId, businessLicense: 'L-2' } };
    const made = await Promise.all(Array.from({ length: 4 }, () => vendor.vendors.createVendor(request)));
    expect(new Set(made.map((each) => each.vendor?.id)).size).toBe(1);
    expect(made.filter(({ replayed }) => !replayed)).toHaveLength(1);
    // A finished request stays finished, whatever happened to the user since.
    vendor.users.delete(tenantId, userId);
    expect((await vendor.vendors.createVendor(request)).replayed).toBe(true);
    const other = { ...request, vendor: { userId, businessLicense: 'L-3' } };
    expect(await faultOf(vendor.vendors.createVendor(other))).toMatchObject({
      code: 'InvalidArgument',
      reason: 'REQUEST_ID_REUSED',
    });
  });

  it('refuses a user who is missing, suspended or deleted', async () => {
    const [suspended, deleted] = [randomUUID(), randomUUID()];
    vendor.users.put(tenantId, suspended, { state: UserState.SUSPENDED });
    vendor.users.put(tenantId, deleted);
    vendor.users.delete(tenantId, deleted);
    for (const [userId, why] of [
      [randomUUID(), 'missing'],
      [suspended, 'suspended'],
      [deleted, 'deleted'],
    ] as const) {
      expect(await faultOf(vendor.vendors.createVendor({ tenantId, vendor: { userId } }))).toMatchObject({
        code: 'FailedPrecondition',
        reason: 'USER_NOT_ELIGIBLE',
        metadata: { user_id: userId, why },
      });
    }
  });

  it('refuses invalid fields', async () => {
    const userId = randomUUID();
    vendor.users.put(tenantId, userId);
    const create = (fields: object) =>
      faultOf(vendor.vendors.createVendor({ tenantId, vendor: { userId, ...fields } }));
    expect(await create({ userId: '' })).toMatchObject({ fields: ['vendor.user_id'] });
    expect(await create({ businessLicense: 'a\0b' })).toMatchObject({ fields: ['vendor.business_license'] });
    expect(await create({ businessLicense: 'x'.repeat(101) })).toMatchObject({
      fields: ['vendor.business_license'],
    });
    expect(await create({ serviceAreas: [{ countryCode: 'pt' }] })).toMatchObject({
      fields: ['vendor.service_areas[0].country_code'],
    });
    expect(await create({ serviceAreas: [{ countryCode: 'PT', region: '\0' }] })).toMatchObject({
      fields: ['vendor.service_areas[0].region'],
    });
  });
});

describe('GetVendor', () => {
  it('finds a vendor by its id and by its user, in its own tenant', async () => {
    const made = await vendor.makeVendor();
    const byId = await vendor.vendors.getVendor({ tenantId, key: { case: 'id', value: made.id } });
    const key = { case: 'userId', value: made.userId.toUpperCase() } as const;
    expect(byId.vendor).toEqual(made);
    expect((await vendor.vendors.getVendor({ tenantId, key })).vendor).toEqual(made);
    for (const request of [
      { tenantId: 'other', key },
      { tenantId, key: { case: 'id', value: randomUUID() } as const },
      { tenantId, key: { case: 'userId', value: randomUUID() } as const },
    ]) {
      expect(await faultOf(vendor.vendors.getVendor(request))).toMatchObject({
        code: 'NotFound',
        reason: 'VENDOR_NOT_FOUND',
      });
    }
  });

  it('stars: shows ratings, and reads no contact data', async () => {
    const userId = randomUUID();
    const contact = { email: 'vera@example.com', phone: '+44 7700 900000' };
    vendor.users.put(tenantId, userId, {
      ...contact,
      ...{ displayName: 'Vera', averageRating: 4.5, totalReviews: 12 },
      profile: { tags: ['regular'] },
    });
    const { id } = await vendor.makeVendor({ userId });
    const { vendor: shown } = await vendor.vendors.getVendor({ tenantId, key: { case: 'id', value: id } });
    expect(shown?.user?.user).toMatchObject({
      displayName: 'Vera',
      averageRating: 4.5,
      totalReviews: 12,
      email: '',
      phone: '',
    });
    expect(shown?.user?.user?.profile).toBeUndefined();
    const asked = vendor.userService.requests(UserService.method.batchGetUsers);
    expect(asked.every(({ view }) => view === UserView.REFERENCE)).toBe(true);
    const page = await vendor.vendors.listVendors({ tenantId, pageSize: 500 });
    for (const text of Object.values(contact)) {
      expect(
        JSON.stringify(page, (_, value) => (typeof value === 'bigint' ? `${value}` : value)),
      ).not.toContain(text);
    }
  });
});

describe('ListVendors', () => {
  const tenant = 'lists';
  const ids: string[] = [];

  beforeAll(async () => {
    for (const countryCode of ['PT', 'DE', 'PT', 'PL', 'PT']) {
      const serviceAreas = [
        { countryCode, region: 'North' },
        { countryCode, region: 'South' },
      ];
      ids.unshift((await vendor.makeVendor({ serviceAreas }, tenant)).id);
    }
  });

  it('lists the newest first, page by page, with one lookup a page', async () => {
    const before = vendor.userService.requests(UserService.method.batchGetUsers).length;
    vendor.age(3_600_000);
    const first = await vendor.vendors.listVendors({ tenantId: tenant, pageSize: 3 });
    expect(first.vendors.map(({ id }) => id)).toEqual(ids.slice(0, 3));
    expect(vendor.userService.requests(UserService.method.batchGetUsers)).toHaveLength(before + 1);
    const pageToken = first.nextPageToken;
    const second = await vendor.vendors.listVendors({ tenantId: tenant, pageSize: 3, pageToken });
    expect(second.vendors.map(({ id }) => id)).toEqual(ids.slice(3));
    expect(second.nextPageToken).toBe('');
    const countryCode = 'PT';
    expect(
      await faultOf(vendor.vendors.listVendors({ tenantId: tenant, pageToken, countryCode })),
    ).toMatchObject({ reason: 'PAGE_TOKEN_INVALID' });
  });

  it('filters by country and by state, alone and together, page by page', async () => {
    const inPortugal = [ids[0], ids[2], ids[4]];
    const [, , middle] = ids as [string, string, string];
    await vendor.vendors.changeVerification({
      tenantId: tenant,
      id: middle,
      state: VerificationState.SUBMITTED,
    });
    const idsOf = async (filter: object) => {
      const found: string[] = [];
      let pageToken = '';
      do {
        const page = await vendor.vendors.listVendors({
          tenantId: tenant,
          pageSize: 1,
          pageToken,
          ...filter,
        });
        found.push(...page.vendors.map(({ id }) => id));
        pageToken = page.nextPageToken;
      } while (pageToken !== '');
      return found;
    };
    expect(await idsOf({ countryCode: 'PT' })).toEqual(inPortugal);
    expect(await idsOf({ countryCode: 'FR' })).toEqual([]);
    expect(await idsOf({ verificationStates: [VerificationState.SUBMITTED] })).toEqual([middle]);
    const states = [VerificationState.SUBMITTED, VerificationState.UNVERIFIED];
    expect(await idsOf({ verificationStates: states })).toEqual(ids);
    expect(await idsOf({ countryCode: 'PT', verificationStates: [VerificationState.UNVERIFIED] })).toEqual(
      inPortugal.filter((id) => id !== middle),
    );
  });

  it('follows a vendor that changes its service areas', async () => {
    const { id } = await vendor.makeVendor({ serviceAreas: [{ countryCode: 'FI' }] }, tenant);
    const serviceAreas = [{ countryCode: 'SE' }, { countryCode: 'NO' }];
    await vendor.vendors.updateVendor({
      tenantId: tenant,
      vendor: { id, serviceAreas },
      updateMask: { paths: ['service_areas'] },
    });
    const countOf = async (countryCode: string) =>
      (await vendor.vendors.listVendors({ tenantId: tenant, countryCode })).vendors.length;
    expect([await countOf('FI'), await countOf('SE'), await countOf('NO')]).toEqual([0, 1, 1]);
  });
});

describe('UpdateVendor', () => {
  it('changes the fields of the mask only', async () => {
    const made = await vendor.makeVendor({ businessLicense: 'old', serviceAreas: [{ countryCode: 'PT' }] });
    const { vendor: changed } = await vendor.vendors.updateVendor({
      tenantId,
      vendor: { id: made.id, businessLicense: 'new', etag: made.etag },
      updateMask: { paths: ['business_license'] },
    });
    expect(changed).toMatchObject({ businessLicense: 'new', serviceAreas: made.serviceAreas, etag: 'v2' });
    expect(changed?.user?.id).toBe(made.userId);
  });

  it('refuses an old etag, and changes nothing when the fields are equal', async () => {
    const { id } = await vendor.makeVendor({ businessLicense: 'one' });
    const update = (businessLicense: string, etag = '') =>
      vendor.vendors.updateVendor({
        tenantId,
        vendor: { id, businessLicense, etag },
        updateMask: { paths: ['business_license'] },
      });
    expect((await update('one')).vendor?.etag).toBe('v1');
    expect((await update('two', 'v1')).vendor?.etag).toBe('v2');
    expect(await faultOf(update('three', 'v1'))).toMatchObject({
      code: 'Aborted',
      reason: 'ETAG_MISMATCH',
      metadata: { etag: 'v1', current_etag: 'v2' },
    });
  });

  it('refuses invalid fields and an unknown vendor', async () => {
    const { id } = await vendor.makeVendor();
    const update = (fields: object, paths: string[]) =>
      faultOf(vendor.vendors.updateVendor({ tenantId, vendor: { id, ...fields }, updateMask: { paths } }));
    expect(await update({}, [])).toMatchObject({ fields: ['update_mask'] });
    expect(await update({}, ['user_id'])).toMatchObject({ fields: ['update_mask'] });
    expect(await update({ id: 'x' }, ['business_license'])).toMatchObject({ fields: ['vendor.id'] });
    expect(await update({ id: randomUUID() }, ['business_license'])).toMatchObject({
      reason: 'VENDOR_NOT_FOUND',
    });
  });
});

describe('ChangeVerification', () => {
  it('moves a vendor through its states, with a note and a time', async () => {
    const made = await vendor.makeVendor();
    const { id } = made;
    await vendor.verify(made, VerificationState.SUBMITTED);
    const change = { tenantId, id, state: VerificationState.VERIFIED, note: 'papers seen' };
    const { vendor: verified } = await vendor.vendors.changeVerification(change);
    expect(verified).toMatchObject({
      verificationState: VerificationState.VERIFIED,
      verificationNote: 'papers seen',
      etag: 'v3',
    });
    expect(verified?.verifyTime).toBeDefined();
    expect((await vendor.vendors.changeVerification(change)).vendor).toEqual(verified);
    const suspended = await vendor.verify(made, VerificationState.SUSPENDED);
    expect(suspended.verifyTime).toBeUndefined();
  });

  it('refuses a change that is not in the table, and lets one of two concurrent changes win', async () => {
    const made = await vendor.makeVendor();
    const { id } = made;
    const change = (state: VerificationState) => vendor.vendors.changeVerification({ tenantId, id, state });
    expect(await faultOf(change(VerificationState.VERIFIED))).toMatchObject({
      code: 'FailedPrecondition',
      reason: 'VERIFICATION_CHANGE_REFUSED',
      metadata: { from: 'UNVERIFIED', to: 'VERIFIED' },
    });
    await change(VerificationState.SUBMITTED);
    const outcomes = await Promise.allSettled([
      change(VerificationState.VERIFIED),
      change(VerificationState.REJECTED),
    ]);
    expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    const unknown = { tenantId, id: randomUUID(), state: VerificationState.SUBMITTED };
    expect(await faultOf(vendor.vendors.changeVerification(unknown))).toMatchObject({
      reason: 'VENDOR_NOT_FOUND',
    });
  });
});

describe('during an outage of the user service', () => {
  beforeEach(() => vendor.userService.up());

  it('shows cached users, makes them vendors, and refuses unknown users', async () => {
    const made = await vendor.makeVendor();
    const [seen, unseen] = [randomUUID(), randomUUID()];
    vendor.users.put(tenantId, seen, { displayName: 'Seen' });
    vendor.users.put(tenantId, unseen);
    // Loads the user into the cache.
    const stranger = { tenantId, key: { case: 'id', value: made.id } } as const;
    await vendor.vendors.getVendor(stranger);
    await vendor.vendors.createVendor({ tenantId, vendor: { userId: seen } });
    await vendor.sql('delete from vendors where user_id = $1', [seen]);
    vendor.userService.down();
    vendor.age(3_600_000);

    const { vendor: shown } = await vendor.vendors.getVendor(stranger);
    expect(shown?.user).toMatchObject({ stale: true, user: { displayName: 'Vera Vendor' } });
    const again = await vendor.vendors.createVendor({ tenantId, vendor: { userId: seen } });
    expect(again.vendor?.user?.stale).toBe(true);
    const refused = await faultOf(vendor.vendors.createVendor({ tenantId, vendor: { userId: unseen } }));
    expect(refused).toMatchObject({ code: 'Unavailable', reason: 'USER_UNKNOWN_NOW', retries: true });
    const ready = await fetch(`http://127.0.0.1:${vendor.service.servers.http.port}/readyz`);
    expect(ready.status).toBe(200);
  });
});
