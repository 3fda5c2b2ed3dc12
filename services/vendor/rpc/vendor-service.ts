import { create } from '@bufbuild/protobuf';
import {
  ChangeVerificationResponseSchema,
  CreateVendorResponseSchema,
  type GetVendorRequest,
  GetVendorResponseSchema,
  ListVendorsResponseSchema,
  UpdateVendorResponseSchema,
  type Vendor as VendorMessage,
  type VendorService,
} from '@rollcall/contract/vendor';
import {
  type Implementation,
  pageFromRequest,
  requireStorable,
  requireUuid,
  writeRequest,
} from '@rollcall/runtime/rpc';
import { changeVerification } from '../vendors/change-verification.ts';
import { type CreateVendorPorts, createVendor } from '../vendors/create-vendor.ts';
import { getVendor, type VendorKey } from '../vendors/get-vendor.ts';
import { listVendors } from '../vendors/list-vendors.ts';
import { updateVendor } from '../vendors/update-vendor.ts';
import type { Vendor } from '../vendors/vendor.ts';
import { withVendorUsers } from '../vendors/vendor-users.ts';
import { profileFromMask, profileFromMessage, stateFromMessage, toVendorMessage } from './vendor-message.ts';

/** The calls of VendorService. Field rules have made sure of `vendor` and `key`; the casts rely on it. */
export function vendorServiceImplementation(ports: CreateVendorPorts): Implementation<typeof VendorService> {
  const { reads, writes, users } = ports;
  const toShown = async (vendor: Vendor, signal: AbortSignal) => {
    const [shown] = await withVendorUsers(users, [vendor], signal);
    return toVendorMessage(shown ?? { vendor, user: undefined });
  };
  return {
    async createVendor({ tenantId, requestId, vendor: given }, { signal }) {
      const vendor = given as VendorMessage;
      const userId = requireUuid('vendor.user_id', vendor.userId);
      const profile = profileFromMessage(vendor);
      const write = writeRequest(requestId, { call: 'CreateVendor', userId, ...profile });
      const made = await createVendor(ports, { tenantId, userId, profile, signal, ...write });
      const { replayed } = made;
      return create(CreateVendorResponseSchema, { vendor: toVendorMessage(made), replayed });
    },
    async getVendor(request, { signal }) {
      const shown = await getVendor(ports, { tenantId: request.tenantId, key: toKey(request.key), signal });
      return create(GetVendorResponseSchema, { vendor: toVendorMessage(shown) });
    },
    async listVendors(request, { signal }) {
      const states = [...new Set(request.verificationStates.map(stateFromMessage))].sort();
      const countryCode = request.countryCode || null;
      const { page, tokens } = pageFromRequest(request, ['ListVendors', states, countryCode]);
      const { vendors, next } = await listVendors(reads, users, { ...page, states, countryCode, signal });
      return create(ListVendorsResponseSchema, {
        vendors: vendors.map(toVendorMessage),
        nextPageToken: next ? tokens.write(next) : '',
      });
    },
    async updateVendor({ tenantId, vendor: given, updateMask }, { signal }) {
      const vendor = given as VendorMessage;
      const id = requireUuid('vendor.id', vendor.id);
      const changes = profileFromMask(vendor, updateMask?.paths ?? []);
      const changed = await updateVendor(writes, { tenantId, id, changes, etag: vendor.etag });
      return create(UpdateVendorResponseSchema, { vendor: await toShown(changed, signal) });
    },
    async changeVerification({ tenantId, id, state, note }, { signal }) {
      const changed = await changeVerification(writes, {
        tenantId,
        id: id.toLowerCase(),
        state: stateFromMessage(state),
        note: requireStorable('note', note),
      });
      return create(ChangeVerificationResponseSchema, { vendor: await toShown(changed, signal) });
    },
  };
}

function toKey(key: GetVendorRequest['key']): VendorKey {
  const id = (key.value ?? '').toLowerCase();
  return key.case === 'userId' ? { userId: id } : { id };
}
