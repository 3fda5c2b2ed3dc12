import type { Users } from '@rollcall/user-access';
import { v7 as uuidv7 } from 'uuid';
import { vendorNotFound } from '../errors.ts';
import { findRepeated, type WriteRequest } from '../write-request.ts';
import type { Activity, ActivityTerms } from './activity.ts';
import type { ActivityWrites, NewActivity, OfferingVendor } from './activity-writes.ts';
import { requireVerified } from './require-verified.ts';
import { type ShownActivity, withVendorUser } from './shown-activity.ts';

/** What CreateActivity works with. */
export interface CreateActivityPorts {
  readonly writes: ActivityWrites;
  readonly users: Users;
}

/** The activity to make. */
export interface CreateActivityCommand {
  readonly tenantId: string;
  readonly vendorId: string;
  readonly terms: ActivityTerms;
  /** Absent: a repeat makes another activity. */
  readonly request?: WriteRequest;
  readonly signal: AbortSignal;
}

/** An activity and its vendor's user. */
export interface CreatedActivity extends ShownActivity {
  /** An earlier call with the same request id made it. */
  readonly replayed: boolean;
}

/** Adds an activity, once per request. Throws VendorError REQUEST_ID_REUSED, VENDOR_NOT_FOUND, VENDOR_NOT_VERIFIED. */
export async function createActivity(
  { writes, users }: CreateActivityPorts,
  command: CreateActivityCommand,
): Promise<CreatedActivity> {
  const before = await repeated(writes, command);
  const made = before ?? (await insert(writes, command));
  const [shown] = await withVendorUser(users, [made.activity], command.signal);
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
  const meanwhile = await repeated(writes, command);
  if (meanwhile) return meanwhile;
  throw new Error(`request id ${request?.id} was used and made nothing`);
}

async function repeated(
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
  return { activity, event };
}
