import { isDeepStrictEqual } from 'node:util';
import type { Users } from '@rollcall/user-access';
import { v7 as uuidv7 } from 'uuid';
import { activityNotFound, VendorError, vendorNotFound } from '../errors.ts';
import { findRepeated, type WriteRequest } from '../write-request.ts';
import {
  type Activity,
  type ActivityState,
  type ActivityTerms,
  type ActivityWithUser,
  activitiesWithUsers,
} from './activity.ts';
import type { ActivityWrites, NewActivity, OfferingVendor } from './activity-store.ts';

/** What CreateActivity works with. */
export interface CreateActivityPorts {
  readonly writes: ActivityWrites;
  readonly users: Users;
}

/** The activity to make. */
interface CreateActivityCommand {
  readonly tenantId: string;
  readonly vendorId: string;
  readonly terms: ActivityTerms;
  /** Absent: a repeat makes another activity. */
  readonly request?: WriteRequest;
  readonly signal: AbortSignal;
}

/** An activity and its vendor's user. */
interface CreatedActivity extends ActivityWithUser {
  /** An earlier call with the same request id made it. */
  readonly replayed: boolean;
}

/** Adds an activity, once per request. Throws VendorError REQUEST_ID_REUSED, VENDOR_NOT_FOUND, VENDOR_NOT_VERIFIED. */
export async function createActivity(
  { writes, users }: CreateActivityPorts,
  command: CreateActivityCommand,
): Promise<CreatedActivity> {
  const before = await replay(writes, command);
  const made = before ?? (await insert(writes, command));
  const [shown] = await activitiesWithUsers(users, [made.activity], command.signal);
  return { activity: made.activity, user: shown?.user, replayed: made.replayed };
}

interface Made {
  readonly activity: Activity;
  readonly replayed: boolean;
}

async function insert(writes: ActivityWrites, command: CreateActivityCommand): Promise<Made> {
  const { tenantId, vendorId, terms, request } = command;
  const made = await writes.insert({ tenantId, vendorId, request }, (vendor) => {
    requireVerified(vendor, terms.state);
    return newActivity(vendor, { tenantId, terms });
  });
  if (made === 'no_vendor') throw vendorNotFound(tenantId, vendorId);
  if (made !== 'request_used') return { activity: made, replayed: false };
  // The same request was at work at the same time, and faster.
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
  const event = {
    userId,
    kind: 'vendor.activity_created',
    time: now,
    summary: 'Offers an activity',
    attributes: { vendor_id: vendorId, activity_id: activity.id, state: terms.state },
  };
  return { activity, userActivity: event };
}

/** The change to make. */
interface UpdateActivityCommand {
  readonly tenantId: string;
  readonly id: string;
  readonly changes: Partial<ActivityTerms>;
}

/** Changes an activity; nothing where it is so already. Throws VendorError ACTIVITY_NOT_FOUND, VENDOR_NOT_VERIFIED. */
export async function updateActivity(
  writes: ActivityWrites,
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

/** Throws VendorError VENDOR_NOT_VERIFIED where the vendor may not publish what would be in this state. */
function requireVerified(vendor: OfferingVendor, state: ActivityState): void {
  if (state !== 'PUBLISHED' || vendor.verificationState === 'VERIFIED') return;
  throw new VendorError(
    'VENDOR_NOT_VERIFIED',
    `Vendor ${vendor.id} may publish nothing: it is ${vendor.verificationState}, not VERIFIED.`,
    { id: vendor.id, verification_state: vendor.verificationState },
  );
}
