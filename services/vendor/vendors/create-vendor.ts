import { checkActive, refusalOf, type UserAliases, type Users } from '@rollcall/user-access';
import { v7 as uuidv7 } from 'uuid';
import { VendorError } from '../errors.ts';
import { findRepeated, type WriteRequest } from '../write-request.ts';
import { type Vendor, type VendorProfile, type VendorWithUser, vendorsWithUsers } from './vendor.ts';
import type { VendorReads, VendorWrites } from './vendor-store.ts';

export interface CreateVendorPorts {
  readonly reads: VendorReads;
  readonly writes: VendorWrites;
  readonly users: Users;
  readonly aliases: UserAliases;
}

interface CreateVendorCommand {
  readonly tenantId: string;
  readonly userId: string;
  readonly profile: VendorProfile;
  /** Absent: a repeated call is refused with VENDOR_EXISTS. */
  readonly request?: WriteRequest;
  readonly signal: AbortSignal;
}

interface CreatedVendor extends VendorWithUser {
  /** An earlier call with the same request id created it. */
  readonly replayed: boolean;
}

/**
 * Makes a user a vendor, once per request id. The survivor of a merged user becomes the vendor.
 * @throws VendorError REQUEST_ID_REUSED, USER_NOT_ELIGIBLE, USER_UNKNOWN_NOW, VENDOR_EXISTS
 */
export async function createVendor(
  ports: CreateVendorPorts,
  command: CreateVendorCommand,
): Promise<CreatedVendor> {
  // Before the check of the user: a finished request stays finished, whatever happened to the user since.
  const before = await replay(ports, command);
  if (before) return before;
  const userId = await requireActiveUser(ports.users, command, command.signal);
  const isFree = !(await hasVendor(ports, { tenantId: command.tenantId, userId }));
  const vendor = newVendor({ ...command, userId });
  const userActivity = {
    userId,
    kind: 'vendor.created',
    time: vendor.createTime,
    summary: 'Became a vendor',
    attributes: { vendor_id: vendor.id },
  };
  if (isFree && (await ports.writes.insert(vendor, { request: command.request, userActivity })))
    return withUser(ports, vendor, { replayed: false, signal: command.signal });
  // The vendor may be that of a concurrent call with the same request id.
  const meanwhile = await replay(ports, command);
  if (meanwhile) return meanwhile;
  throw new VendorError('VENDOR_EXISTS', `User ${userId} is a vendor already.`, { user_id: userId });
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

async function hasVendor(
  { reads, aliases }: CreateVendorPorts,
  { tenantId, userId }: { tenantId: string; userId: string },
): Promise<boolean> {
  const ids = await aliases.allIdsOf(tenantId, [userId]);
  return (await reads.findByUsers(tenantId, ids)).length > 0;
}

interface UserRef {
  readonly tenantId: string;
  readonly userId: string;
}

/**
 * Requires an active user and returns its id, which after a merge is that of the survivor. A stale user
 * counts.
 * @throws VendorError USER_NOT_ELIGIBLE; USER_UNKNOWN_NOW when the user service is down and the user is not
 * cached
 */
async function requireActiveUser(users: Users, ref: UserRef, signal: AbortSignal): Promise<string> {
  const known = await users.lookUp(ref.tenantId, [ref.userId], signal);
  const check = checkActive(known.get(ref.userId));
  if (check.ok) return check.user.user.id;
  const { message, metadata } = refusalOf(check, ref, 'be a vendor as');
  throw new VendorError(
    check.why === 'unknown' ? 'USER_UNKNOWN_NOW' : 'USER_NOT_ELIGIBLE',
    message,
    metadata,
  );
}
