import { etagFields } from '@rollcall/contract/testing';
import { VendorService } from '@rollcall/contract/vendor';
import { faultOf } from '@rollcall/transport/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startVendor, TENANT as tenantId, type VendorUnderTest } from '../testing/start-vendor.ts';

let vendor: VendorUnderTest;

beforeAll(async () => {
  vendor = await startVendor();
});

afterAll(() => vendor[Symbol.asyncDispose]());

/**
 * A call on a vendor of its own, whose etag is v2 and was v1. A new vendor has no etag before its creation.
 */
const CASES: Readonly<Record<string, 'ignored' | (() => Promise<(etag: string) => Promise<unknown>>)>> = {
  'CreateVendor vendor.etag': 'ignored',
  'UpdateVendor vendor.etag': async () => {
    const { id } = await vendor.makeVendor();
    const updateMask = { paths: ['business_license'] };
    const update = (businessLicense: string, etag = '') =>
      vendor.vendors.updateVendor({ tenantId, vendor: { id, businessLicense, etag }, updateMask });
    await update('first');
    return (etag) => update('second', etag);
  },
};

describe('an etag of a request', () => {
  const fields = etagFields(VendorService);

  it.each(fields)('T5: has a case: %s', (field) => {
    expect(CASES).toHaveProperty([field]);
  });

  for (const field of fields) {
    const seed = CASES[field];
    if (seed === undefined || seed === 'ignored') continue;
    it(`T5: is refused unless it is the vendor's current one: ${field}`, async () => {
      const call = await seed();
      for (const wrong of ['v1', 'v99', 'no-etag', 'v2 ']) {
        expect(await faultOf(call(wrong))).toMatchObject({ code: 'Aborted', reason: 'ETAG_MISMATCH' });
      }
      await call('v2');
      await (await seed())('');
    });
  }

  it('T5: is ignored when a vendor is created', async () => {
    expect((await vendor.makeVendor({ etag: 'v7' })).etag).toBe('v1');
  });
});
