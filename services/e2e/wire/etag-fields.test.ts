import { contractServices, etagFields } from '@rollcall/contract/testing';
import { expect, it } from 'vitest';

/** Where the etags of each service are tried, wrong and right. */
const TRIED: Readonly<Record<string, string>> = {
  'rollcall.user.v1.UserService': 'clients/contract/testing/etag-suite.ts',
  'rollcall.user.v1.UserAdminService': 'clients/contract/testing/etag-suite.ts',
  'rollcall.vendor.v1.VendorService': 'services/vendor/vendors/etags.integration.test.ts',
};

it.each(contractServices().map((service) => [service.typeName, service] as const))(
  'T5: %s has no etag in a request that no test tries',
  (typeName, service) => {
    if (!TRIED[typeName]) expect(etagFields(service)).toEqual([]);
  },
);

it('T5: etags are found in requests, and in the messages that requests hold', () => {
  const services = contractServices();
  expect(services.length).toBeGreaterThan(10);
  expect(services.flatMap(etagFields).sort()).toEqual([
    'CreateUser user.etag',
    'CreateVendor vendor.etag',
    'DeleteUser etag',
    'MergeUsers loser_etag',
    'MergeUsers survivor_etag',
    'UndeleteUser etag',
    'UpdateUser user.etag',
    'UpdateVendor vendor.etag',
  ]);
});
