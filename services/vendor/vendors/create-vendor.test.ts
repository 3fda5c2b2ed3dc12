import { create } from '@bufbuild/protobuf';
import { UserSchema, UserState } from '@rollcall/contract/user';
import { expect, it } from 'vitest';
import { type CreateVendorPorts, createVendor } from './create-vendor.ts';
import type { Vendor } from './vendor.ts';

const id = '019c0000-0000-7000-8000-000000000001';
const fingerprint = new Uint8Array([1]);

// The other call commits between the look for its request id and the look for a vendor of the user.
it('replays the vendor of an equal call that commits between the two looks', async () => {
  const earlier = { id: 'vendor-1', tenantId: 'acme', userId: id } as Vendor;
  let looks = 0;
  const ports = {
    reads: { findByUsers: async () => [earlier] },
    writes: {
      findByRequest: async () => (looks++ === 0 ? undefined : { made: earlier, fingerprint }),
      insert: async () => expect.unreachable('a vendor exists'),
    },
    users: {
      lookUp: async () =>
        new Map([
          [
            id,
            { id, outcome: 'found', user: create(UserSchema, { id, state: UserState.ACTIVE }), stale: false },
          ],
        ]),
    },
    aliases: { allIdsOf: async () => [id] },
  } as unknown as CreateVendorPorts;
  const created = await createVendor(ports, {
    tenantId: 'acme',
    userId: id,
    profile: {} as Vendor,
    request: { id: '019c0000-0000-7000-8000-00000000000a', fingerprint },
    signal: AbortSignal.timeout(1000),
  });
  expect(created).toMatchObject({ vendor: { id: 'vendor-1' }, replayed: true });
});
