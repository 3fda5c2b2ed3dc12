import type { OutboxJob, OutboxPayload } from '@rollcall/runtime/outbox';

/** Reports a user's activity to the user service. The name is stored in the queue. */
export const ACTIVITY_TASK = 'user.activity';
/** Reports a service's statistics of a user to the user service. The name is stored in the queue. */
export const STATISTICS_TASK = 'user.statistics';

/** A user, by the id in the service's own rows. */
export interface UserOfTenant {
  readonly tenantId: string;
  readonly userId: string;
}

/** An activity of a user, for the user's timeline. Summary and attributes hold no contact data. */
export interface UserActivity {
  /** The service's own name for the activity: `booking.created`. */
  readonly kind: string;
  readonly time: Date;
  /**
   * One line to show, at most 500 characters.
   * @defaultValue none
   */
  readonly summary?: string;
  /**
   * Further ids and words.
   * @defaultValue none
   */
  readonly attributes?: OutboxPayload;
}

/** An activity to report. */
export interface ActivityJob extends UserOfTenant {
  /** UUID, equal for equal activities, so that a repeat is recorded once. */
  readonly requestId: string;
  readonly activity: UserActivity;
}

/** Creates the job that reports an activity. Add it in the transaction of the activity. */
export function activityJob({ tenantId, userId, requestId, activity }: ActivityJob): OutboxJob {
  const { kind, time, summary = '', attributes = {} } = activity;
  const stored = { kind, time: time.toISOString(), summary, attributes };
  return { task: ACTIVITY_TASK, payload: { tenantId, userId, requestId, activity: stored } };
}

/**
 * Creates the job that reports a user's statistics. Add it in each transaction that changes them. The job
 * reads the statistics when it runs, so one waiting job covers any number of changes.
 */
export function statisticsJob({ tenantId, userId }: UserOfTenant): OutboxJob {
  return { task: STATISTICS_TASK, payload: { tenantId, userId }, key: `${tenantId}/${userId}` };
}
