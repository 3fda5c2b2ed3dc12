import { checkActive, refusalOf, type UserAliases } from '@rollcall/user-access';
import { v7 as uuidv7 } from 'uuid';
import { VendorError } from '../errors.ts';
import { findRepeated, type WriteRequest } from '../write-request.ts';
import {
  type Vendor,
  type VendorProfile,
  type VendorUsers,
  type VendorWithUser,
  vendorsWithUsers,
} from './vendor.ts';
import type { VendorReads, VendorWrites } from './vendor-store.ts';

/** What CreateVendor works with. */
export interface CreateVendorPorts {
  readonly reads: VendorReads;
  readonly writes: VendorWrites;
  readonly users: VendorUsers;
  readonly aliases: UserAliases;
}

/** The vendor to make. */
interface CreateVendorCommand {
  readonly tenantId: string;
  readonly userId: string;
  readonly profile: VendorProfile;
  /** Absent: a repeat is refused, because the user is a vendor by then. */
  readonly request?: WriteRequest;
  readonly signal: AbortSignal;
}

/** A vendor and its user. */
interface CreatedVendor extends VendorWithUser {
  /** An earlier call with the same request id made it. */
  readonly replayed: boolean;
}

/**
 * Makes a user a vendor, once per request. Of a user who was merged into another, it is the other.
 * Throws VendorError REQUEST_ID_REUSED, USER_NOT_ELIGIBLE, USER_UNKNOWN_NOW, VENDOR_EXISTS.
 */
export async function createVendor(
  ports: CreateVendorPorts,
  command: CreateVendorCommand,
): Promise<CreatedVendor> {
  // Before the user is looked at: what was done stays done, whatever became of the user since.
  const before = await replay(ports, command);
  if (before) return before;
  const userId = await requireActiveUser(ports.users, command, command.signal);
  await requireNoVendor(ports, { tenantId: command.tenantId, userId });
  const vendor = newVendor({ ...command, userId });
  const event = {
    userId,
    kind: 'vendor.created',
    time: vendor.createTime,
    summary: 'Became a vendor',
    attributes: { vendor_id: vendor.id },
  };
  if (await ports.writes.insert(vendor, { request: command.request, event }))
    return withUser(ports, vendor, { replayed: false, signal: command.signal });
  // The same request may have been at work at the same time, and faster.
  const meanwhile = await replay(ports, command);
  if (meanwhile) return meanwhile;
  throw vendorExists(userId);
}

function newVendor({ tenantId, userId, profile }: Omit<CreateVendorCommand, 'signal'>): Vendor {
  const now = new Date();
  return {
    ...profile,
    tenantId,
    userId,
    id: uuidv7(),
    verificationState: 'UNVERIFIED',
    verificationNote: '',
    verifyTime: null,
    version: 1n,
    createTime: now,
    updateTime: now,
  };
}

async function replay(
  ports: CreateVendorPorts,
  { tenantId, request, signal }: CreateVendorCommand,
): Promise<CreatedVendor | undefined> {
  const vendor = await findRepeated(request, (id) => ports.writes.findByRequest(tenantId, id));
  return vendor && withUser(ports, vendor, { replayed: true, signal });
}

async function withUser(
  { users }: CreateVendorPorts,
  vendor: Vendor,
  { replayed, signal }: { replayed: boolean; signal: AbortSignal },
): Promise<CreatedVendor> {
  const [beside] = await vendorsWithUsers(users, [vendor], signal);
  return { vendor, user: beside?.user, replayed };
}

async function requireNoVendor(
  { reads, aliases }: CreateVendorPorts,
  { tenantId, userId }: { tenantId: string; userId: string },
): Promise<void> {
  const ids = await aliases.allIdsOf(tenantId, [userId]);
  if ((await reads.findByUsers(tenantId, ids)).length > 0) throw vendorExists(userId);
}

function vendorExists(userId: string): VendorError {
  return new VendorError('VENDOR_EXISTS', `User ${userId} is a vendor already.`, { user_id: userId });
}

/** Which user. */
export interface UserRef {
  readonly tenantId: string;
  readonly userId: string;
}

/**
 * The id of the user who is to be a vendor, which after a merge is the one that survived: active, as far as is known; what was
 * known before the user service went away will do.
 * Throws VendorError USER_NOT_ELIGIBLE, and USER_UNKNOWN_NOW where the user service cannot be asked and nothing is known.
 */
export async function requireActiveUser(
  users: VendorUsers,
  ref: UserRef,
  signal: AbortSignal,
): Promise<string> {
  const known = await users.lookUp(ref.tenantId, [ref.userId], signal);
  const judged = checkActive(known.get(ref.userId));
  if (judged.ok) return judged.user.user.id;
  const { message, metadata } = refusalOf(judged, ref, 'be a vendor as');
  throw new VendorError(
    judged.why === 'unknown' ? 'USER_UNKNOWN_NOW' : 'USER_NOT_ELIGIBLE',
    message,
    metadata,
  );
}
