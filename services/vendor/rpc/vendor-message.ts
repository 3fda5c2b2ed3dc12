import { create } from '@bufbuild/protobuf';
import { timestampFromDate } from '@bufbuild/protobuf/wkt';
import {
  VerificationState as StateMessage,
  type Vendor as VendorMessage,
  VendorSchema,
} from '@rollcall/contract/vendor';
import { requireStorable } from '@rollcall/runtime/rpc';
import { toAttachedUser } from '@rollcall/user-access';
import { etagOf, type VendorProfile, type VerificationState } from '../vendors/vendor.ts';
import type { ShownVendor } from '../vendors/vendor-users.ts';
import { requirePaths } from './request-fields.ts';

const STATES: Readonly<Record<StateMessage, VerificationState | undefined>> = {
  [StateMessage.UNSPECIFIED]: undefined,
  [StateMessage.UNVERIFIED]: 'UNVERIFIED',
  [StateMessage.SUBMITTED]: 'SUBMITTED',
  [StateMessage.VERIFIED]: 'VERIFIED',
  [StateMessage.REJECTED]: 'REJECTED',
  [StateMessage.SUSPENDED]: 'SUSPENDED',
};

/** A state that was asked for. Field rules have refused those that the contract does not name. */
export function stateFromMessage(state: StateMessage): VerificationState {
  return STATES[state] ?? 'UNVERIFIED';
}

/** What a vendor says of itself. Throws RpcError FIELD_INVALID for a text that cannot be kept. */
export function profileFromMessage({ businessLicense, serviceAreas }: VendorMessage): VendorProfile {
  return {
    businessLicense: requireStorable('vendor.business_license', businessLicense),
    serviceAreas: serviceAreas.map(({ countryCode, region, postalCodePrefix }, at) => ({
      countryCode,
      region: requireStorable(`vendor.service_areas[${at}].region`, region),
      postalCodePrefix: requireStorable(`vendor.service_areas[${at}].postal_code_prefix`, postalCodePrefix),
    })),
  };
}

/** What UpdateVendor writes: the fields that the mask names. Throws RpcError FIELD_INVALID. */
export function profileFromMask(vendor: VendorMessage, paths: readonly string[]): Partial<VendorProfile> {
  const named = requirePaths(paths, ['business_license', 'service_areas']);
  const { businessLicense, serviceAreas } = profileFromMessage(vendor);
  return {
    ...(named.has('business_license') && { businessLicense }),
    ...(named.has('service_areas') && { serviceAreas }),
  };
}

/** A vendor with its user as it goes over the wire. */
export function toVendorMessage({ vendor, user }: ShownVendor): VendorMessage {
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
