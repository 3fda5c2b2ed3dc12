import { isDeepStrictEqual } from 'node:util';
import type { Users } from '@rollcall/user-access';
import { v7 as uuidv7 } from 'uuid';
import { activityNotFound, vendorNotFound, vendorNotVerified } from '../errors.ts';
import { maxRowBytes, type Page, toPage } from '../page.ts';
import { findRepeated, type WriteRequest } from '../write-request.ts';
import {
  type Activity,
  type ActivityState,
  type ActivityTerms,
  type ActivityWithUser,
  activitiesWithUsers,
} from './activity.ts';
import type {
  ActivityList,
  ActivityReads,
  ActivityWrites,
  NewActivity,
  OfferingVendor,
} from './activity-store.ts';

/** The stores and lookups of the commands. */
export interface ActivityPorts {
  readonly reads: ActivityReads;
  readonly writes: ActivityWrites;
  readonly users: Users;
}

/**
 * Returns an activity with its vendor's user.
 * @throws VendorError ACTIVITY_NOT_FOUND
 */
export async function getActivity(
  { reads, users }: ActivityPorts,
  { tenantId, id, signal }: { tenantId: string; id: string; signal: AbortSignal },
): Promise<ActivityWithUser> {
  const activity = await reads.find(tenantId, id);
  const [shown] = activity ? await activitiesWithUsers(users, [activity], signal) : [];
  if (shown) return shown;
  throw activityNotFound(tenantId, id);
}

/**
 * Returns a page of activities with their vendors' users. A page is shorter than its limit when one response
 * cannot hold it.
 */
export async function listActivities(
  { reads, users }: ActivityPorts,
  { signal, ...list }: ActivityList & { signal: AbortSignal },
): Promise<Page<ActivityWithUser>> {
  // One row more than the limit shows whether a next page exists.
  const found = await reads.list({ ...list, limit: list.limit + 1 });
  const { rows, next } = toPage(found, list.limit, ({ title, description }) =>
    maxRowBytes([title, description]),
  );
  return { rows: await activitiesWithUsers(users, rows, signal), ...(next && { next }) };
}

interface CreateActivityCommand {
  readonly tenantId: string;
  readonly vendorId: string;
  readonly terms: ActivityTerms;
  /** Absent: a repeated call creates another activity. */
  readonly request?: WriteRequest;
  readonly signal: AbortSignal;
}

interface CreatedActivity extends ActivityWithUser {
  /** An earlier call with the same request id created it. */
  readonly replayed: boolean;
}

/**
 * Creates an activity, once per request id.
 * @throws VendorError REQUEST_ID_REUSED, VENDOR_NOT_FOUND, VENDOR_NOT_VERIFIED
 */
export async function createActivity(
  { writes, users }: ActivityPorts,
  command: CreateActivityCommand,
): Promise<CreatedActivity> {
  const before = await replay(writes, command);
  const made = before ?? (await insert(writes, command));
  const [shown] = await activitiesWithUsers(users, [made.activity], command.signal);
  return { activity: made.activity, user: shown?.user, replayed: made.replayed };
}

type Made = Omit<CreatedActivity, 'user'>;

async function insert(writes: ActivityWrites, command: CreateActivityCommand): Promise<Made> {
  const { tenantId, vendorId, terms, request } = command;
  const made = await writes.insert({ tenantId, vendorId, request }, (vendor) => {
    requireVerified(vendor, terms.state);
    return newActivity(vendor, { tenantId, terms });
  });
  if (made === 'no_vendor') throw vendorNotFound(tenantId, vendorId);
  if (made !== 'request_used') return { activity: made, replayed: false };
  // A concurrent call with the same request id was faster.
  const meanwhile = await replay(writes, command);
  if (meanwhile) return meanwhile;
  throw new Error(`request id ${request?.id} was used and made nothing`);
}

async function replay(
  writes: ActivityWrites,
  { tenantId, request }: CreateActivityCommand,
): Promise<Made | undefined> {
  const activity = await findRepeated(request, (id) => writes.findByRequest(tenantId, id));
  return activity && { activity, replayed: true };
}

function newActivity(
  vendor: OfferingVendor,
  { tenantId, terms }: { tenantId: string; terms: ActivityTerms },
): NewActivity {
  const now = new Date();
  const { id: vendorId, userId } = vendor;
  const activity = { ...terms, tenantId, vendorId, userId, id: uuidv7(), createTime: now, updateTime: now };
  const userActivity = {
    userId,
    kind: 'vendor.activity_created',
    time: now,
    summary: 'Offers an activity',
    attributes: { vendor_id: vendorId, activity_id: activity.id, state: terms.state },
  };
  return { activity, userActivity };
}

interface UpdateActivityCommand {
  readonly tenantId: string;
  readonly id: string;
  readonly changes: Partial<ActivityTerms>;
}

/**
 * Changes the given fields of an activity. Equal values change nothing.
 * @throws VendorError ACTIVITY_NOT_FOUND, VENDOR_NOT_VERIFIED
 */
export async function updateActivity(
  { writes }: ActivityPorts,
  { tenantId, id, changes }: UpdateActivityCommand,
): Promise<Activity> {
  const activity = await writes.change(tenantId, id, (current, vendor) => {
    requireVerified(vendor, changes.state ?? current.state);
    const isNew = Object.entries(changes).some(
      ([field, value]) => !isDeepStrictEqual(value, current[field as keyof ActivityTerms]),
    );
    return isNew ? changes : undefined;
  });
  if (activity) return activity;
  throw activityNotFound(tenantId, id);
}

/**
 * Refuses to publish for an unverified vendor.
 * @throws VendorError VENDOR_NOT_VERIFIED
 */
function requireVerified(vendor: OfferingVendor, state: ActivityState): void {
  if (state !== 'PUBLISHED' || vendor.verificationState === 'VERIFIED') return;
  throw vendorNotVerified(vendor);
}
