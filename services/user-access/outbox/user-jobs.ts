import type { OutboxJob, OutboxPayload } from '@rollcall/runtime/outbox';

/** Tells the owner what a user did. */
export const ACTIVITY_TASK = 'user.activity';
/** Tells the owner a service's figures about a user. */
export const STATISTICS_TASK = 'user.statistics';

/** A user, by the id that stands in the service's own rows. */
export interface UserOfTenant {
  readonly tenantId: string;
  readonly userId: string;
}

/** What a user did. Neither summary nor attributes hold contact data. */
export interface UserActivity {
  /** The service's own name for it: `booking.created`. */
  readonly kind: string;
  readonly time: Date;
  /** One line to show, at most 500 characters. Default: none. */
  readonly summary?: string;
  /** What else there is to it. Default: nothing. */
  readonly attributes?: OutboxPayload;
}

/** What a job to tell an activity is made of. */
export interface ActivityJob extends UserOfTenant {
  /** UUID, the same for the same activity, so that it is told once. */
  readonly requestId: string;
  readonly activity: UserActivity;
}

/** A job to add in the transaction in which the user did something. */
export function activityJob({ tenantId, userId, requestId, activity }: ActivityJob): OutboxJob {
  const { kind, time, summary = '', attributes = {} } = activity;
  const told = { kind, time: time.toISOString(), summary, attributes };
  return { task: ACTIVITY_TASK, payload: { tenantId, userId, requestId, activity: told } };
}

/**
 * A job to add in each transaction that changes a user's figures. They are read when it is done, so that one that waits is
 * enough for any number of changes.
 */
export function statisticsJob({ tenantId, userId }: UserOfTenant): OutboxJob {
  return { task: STATISTICS_TASK, payload: { tenantId, userId }, key: `${tenantId}/${userId}` };
}
