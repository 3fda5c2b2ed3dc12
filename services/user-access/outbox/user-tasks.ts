import type { JsonObject } from '@bufbuild/protobuf';
import { timestampFromDate } from '@bufbuild/protobuf/wkt';
import type { OutboxTask } from '@rollcall/runtime/outbox';
import type { Pool } from '@rollcall/runtime/postgres';
import type { UserAdminClient } from '@rollcall/user-client/admin';
import { TELL_TIMEOUT_MS, tellOwner } from './call-user-service.ts';
import { takeRevision } from './statistics-revision.ts';
import { ACTIVITY_TASK, STATISTICS_TASK, type UserOfTenant } from './user-jobs.ts';

/** A service's figures about a user. What it does not keep it leaves out: the owner adds up those of all services. */
export interface ToldStatistics {
  readonly totalBookings?: bigint;
  /** One entry a currency. */
  readonly totalSpent?: readonly { readonly currencyCode: string; readonly minorUnits: bigint }[];
  readonly firstBookingTime?: Date;
  readonly lastBookingTime?: Date;
  readonly lastActivityTime?: Date;
  /** Mean of the ratings given to the user, 0 to 5. */
  readonly averageRating?: number;
  /** How many ratings that is the mean of. */
  readonly totalReviews?: number;
}

/** What the tasks work with. */
export interface UserTasksOptions {
  readonly admin: UserAdminClient;
  /** Of the service's own database, which has the tables of user-access. */
  readonly pool: Pool;
  /** Which service tells: `booking`. */
  readonly source: string;
  /**
   * The figures as they are committed now, of rows that have exactly this id. Never with those of ids that were merged into
   * it: the owner keeps figures by the id that they were told of, and adds them up.
   */
  readonly readStatistics: (tenantId: string, userId: string) => Promise<ToldStatistics>;
}

/** The tasks behind `activityJob` and `statisticsJob`, for `startOutbox`. Each may be done again without harm. */
export function userTasks(options: UserTasksOptions): Record<string, OutboxTask> {
  return { [ACTIVITY_TASK]: tellActivity(options), [STATISTICS_TASK]: tellStatistics(options) };
}

interface ActivityPayload extends UserOfTenant {
  readonly requestId: string;
  readonly activity: {
    readonly kind: string;
    readonly time: string;
    readonly summary: string;
    readonly attributes: JsonObject;
  };
}

function tellActivity({ admin, source }: UserTasksOptions): OutboxTask {
  return async (payload, { signal }) => {
    const { tenantId, userId: id, requestId, activity } = payload as ActivityPayload;
    const told = { ...activity, source, time: timestampFromDate(new Date(activity.time)) };
    const request = { tenantId, id, requestId, activity: told };
    await tellOwner(() => admin.recordActivity(request, { signal, timeoutMs: TELL_TIMEOUT_MS }));
  };
}

function tellStatistics({ admin, pool, source, readStatistics }: UserTasksOptions): OutboxTask {
  return async (payload, { signal }) => {
    const { tenantId, userId: id } = payload as UserOfTenant;
    // Before the figures are read: a telling that lost its way cannot undo one that read later.
    const revision = await takeRevision(pool, { tenantId, userId: id });
    const request = { tenantId, id, source, revision, ...toFigures(await readStatistics(tenantId, id)) };
    await tellOwner(() => admin.recordStatistics(request, { signal, timeoutMs: TELL_TIMEOUT_MS }));
  };
}

function toFigures({
  firstBookingTime,
  lastBookingTime,
  lastActivityTime,
  totalSpent,
  ...rest
}: ToldStatistics) {
  return {
    ...rest,
    ...(totalSpent && { totalSpent: [...totalSpent] }),
    ...(firstBookingTime && { firstBookingTime: timestampFromDate(firstBookingTime) }),
    ...(lastBookingTime && { lastBookingTime: timestampFromDate(lastBookingTime) }),
    ...(lastActivityTime && { lastActivityTime: timestampFromDate(lastActivityTime) }),
  };
}
