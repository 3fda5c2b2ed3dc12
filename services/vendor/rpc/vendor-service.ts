import { create } from '@bufbuild/protobuf';
import { timestampFromDate } from '@bufbuild/protobuf/wkt';
import {
  ChangeVerificationResponseSchema,
  CreateVendorResponseSchema,
  type GetVendorRequest,
  GetVendorResponseSchema,
  ListVendorsResponseSchema,
  VerificationState as StateMessage,
  UpdateVendorResponseSchema,
  type Vendor as VendorMessage,
  VendorSchema,
  type VendorService,
} from '@rollcall/contract/vendor';
import {
  type Implementation,
  pageFromRequest,
  requireStorable,
  requireUuid,
  writeRequest,
} from '@rollcall/runtime/rpc';
import { toAttachedUser } from '@rollcall/user-access';
import { changeVerification, updateVendor } from '../vendors/change-vendor.ts';
import { type CreateVendorPorts, createVendor } from '../vendors/create-vendor.ts';
import { getVendor, listVendors, type VendorKey } from '../vendors/read-vendors.ts';
import {
  etagOf,
  type Vendor,
  type VendorProfile,
  type VendorWithUser,
  type VerificationState,
  vendorsWithUsers,
} from '../vendors/vendor.ts';
import { requirePaths } from './request-fields.ts';

/** Implements VendorService. Field rules guarantee `vendor` and `key`; the casts rely on it. */
export function vendorServiceImplementation(ports: CreateVendorPorts): Implementation<typeof VendorService> {
  const { reads, writes, users } = ports;
  const toShown = async (vendor: Vendor, signal: AbortSignal) => {
    const [shown] = await vendorsWithUsers(users, [vendor], signal);
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
      const { rows, next } = await listVendors(reads, users, { ...page, states, countryCode, signal });
      return create(ListVendorsResponseSchema, {
        vendors: rows.map(toVendorMessage),
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

const STATES: Readonly<Record<StateMessage, VerificationState | undefined>> = {
  [StateMessage.UNSPECIFIED]: undefined,
  [StateMessage.UNVERIFIED]: 'UNVERIFIED',
  [StateMessage.SUBMITTED]: 'SUBMITTED',
  [StateMessage.VERIFIED]: 'VERIFIED',
  [StateMessage.REJECTED]: 'REJECTED',
  [StateMessage.SUSPENDED]: 'SUSPENDED',
};

/** Field rules refuse states that the contract does not name. */
export function stateFromMessage(state: StateMessage): VerificationState {
  return STATES[state] ?? 'UNVERIFIED';
}

/**
 * Reads the profile of a vendor.
 * @throws RpcError FIELD_INVALID when a text cannot be stored
 */
function profileFromMessage({ businessLicense, serviceAreas }: VendorMessage): VendorProfile {
  return {
    businessLicense: requireStorable('vendor.business_license', businessLicense),
    serviceAreas: serviceAreas.map(({ countryCode, region, postalCodePrefix }, at) => ({
      countryCode,
      region: requireStorable(`vendor.service_areas[${at}].region`, region),
      postalCodePrefix: requireStorable(`vendor.service_areas[${at}].postal_code_prefix`, postalCodePrefix),
    })),
  };
}

/**
 * Reads the profile fields that the mask names.
 * @throws RpcError FIELD_INVALID
 */
function profileFromMask(vendor: VendorMessage, paths: readonly string[]): Partial<VendorProfile> {
  const named = requirePaths(paths, ['business_license', 'service_areas']);
  const { businessLicense, serviceAreas } = profileFromMessage(vendor);
  return {
    ...(named.has('business_license') && { businessLicense }),
    ...(named.has('service_areas') && { serviceAreas }),
  };
}

function toVendorMessage({ vendor, user }: VendorWithUser): VendorMessage {
  const { verifyTime } = vendor;
  return create(VendorSchema, {
    id: vendor.id,
    tenantId: vendor.tenantId,
    userId: vendor.userId,
    businessLicense: vendor.businessLicense,
    serviceAreas: [...vendor.serviceAreas],
    verificationState: StateMessage[vendor.verificationState],
    verificationNote: vendor.verificationNote,
    createTime: timestampFromDate(vendor.createTime),
    updateTime: timestampFromDate(vendor.updateTime),
    etag: etagOf(vendor),
    ...(verifyTime && { verifyTime: timestampFromDate(verifyTime) }),
    ...(user && { user: toAttachedUser(user) }),
  });
}
