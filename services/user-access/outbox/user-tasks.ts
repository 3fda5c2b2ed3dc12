import type { JsonObject } from '@bufbuild/protobuf';
import { timestampFromDate } from '@bufbuild/protobuf/wkt';
import { Code, ConnectError } from '@connectrpc/connect';
import type { ErrorReason } from '@rollcall/contract/user';
import { OutboxRefusedError, type OutboxTask, OutboxUnreachableError } from '@rollcall/runtime/outbox';
import type { Pool } from '@rollcall/runtime/postgres';
import { errorReason } from '@rollcall/transport';
import type { UserAdminClient } from '@rollcall/user-client/admin';
import { ACTIVITY_TASK, STATISTICS_TASK, type UserOfTenant } from './user-jobs.ts';

/**
 * A service's statistics of a user. The user service adds up those of all services, so a service leaves out
 * what it does not keep.
 */
export interface UserStatistics {
  readonly totalBookings?: bigint;
  /** One entry a currency. */
  readonly totalSpent?: readonly { readonly currencyCode: string; readonly minorUnits: bigint }[];
  readonly firstBookingTime?: Date;
  readonly lastBookingTime?: Date;
  readonly lastActivityTime?: Date;
  /** Mean of the ratings of the user, 0 to 5. */
  readonly averageRating?: number;
  /** Number of ratings in the mean. */
  readonly totalReviews?: number;
}

export interface UserTasksOptions {
  readonly admin: UserAdminClient;
  /** Pool of the service's own database, which has the tables of `userAccessMigration`. */
  readonly pool: Pool;
  /** The name of the reporting service: `booking`. */
  readonly source: string;
  /**
   * Reads the committed statistics of rows with exactly this id. Rows of merged users do not count here: the
   * user service keeps statistics by id and adds them up.
   */
  readonly readStatistics: (tenantId: string, userId: string) => Promise<UserStatistics>;
}

/** Creates the tasks of `activityJob` and `statisticsJob` for `startOutbox`. A repeated task does no harm. */
export function userTasks(options: UserTasksOptions): Record<string, OutboxTask> {
  return { [ACTIVITY_TASK]: recordActivity(options), [STATISTICS_TASK]: recordStatistics(options) };
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

function recordActivity({ admin, source }: UserTasksOptions): OutboxTask {
  return async (payload, { signal }) => {
    const { tenantId, userId: id, requestId, activity } = payload as ActivityPayload;
    const entry = { ...activity, source, time: timestampFromDate(new Date(activity.time)) };
    const request = { tenantId, id, requestId, activity: entry };
    await callUserService(() => admin.recordActivity(request, { signal, timeoutMs: CALL_TIMEOUT_MS }));
  };
}

function recordStatistics({ admin, pool, source, readStatistics }: UserTasksOptions): OutboxTask {
  return async (payload, { signal }) => {
    const { tenantId, userId: id } = payload as UserOfTenant;
    // Before the statistics are read, so that a late report cannot replace a report with newer statistics.
    const revision = await takeRevision(pool, { tenantId, userId: id });
    const request = {
      tenantId,
      id,
      source,
      revision,
      ...toStatisticsFields(await readStatistics(tenantId, id)),
    };
    await callUserService(() => admin.recordStatistics(request, { signal, timeoutMs: CALL_TIMEOUT_MS }));
  };
}

function toStatisticsFields({
  firstBookingTime,
  lastBookingTime,
  lastActivityTime,
  totalSpent,
  ...rest
}: UserStatistics) {
  return {
    ...rest,
    ...(totalSpent && { totalSpent: [...totalSpent] }),
    ...(firstBookingTime && { firstBookingTime: timestampFromDate(firstBookingTime) }),
    ...(lastBookingTime && { lastBookingTime: timestampFromDate(lastBookingTime) }),
    ...(lastActivityTime && { lastActivityTime: timestampFromDate(lastActivityTime) }),
  };
}

/**
 * Takes a revision above all earlier ones of this user. Statistics that are read afterwards include all that
 * an earlier revision reported. The revision follows the clock, so a database restored from a backup is not
 * behind the user service.
 */
export async function takeRevision(pool: Pool, { tenantId, userId }: UserOfTenant): Promise<bigint> {
  const { rows } = await pool.query<{ revision: string }>({ ...TAKE, values: [tenantId, userId] });
  return BigInt(rows[0]?.revision ?? 0);
}

const NOW = `(extract(epoch from clock_timestamp()) * 1000)::bigint`;

const TAKE = {
  name: 'told-revisions-take',
  text: `insert into told_statistics as told (tenant_id, user_id, revision) values ($1, $2, ${NOW})
    on conflict (tenant_id, user_id) do update set revision = greatest(told.revision + 1, excluded.revision)
    returning revision::text`,
};

/** The longest call of a task. Milliseconds. Our own choice: no caller waits for it. */
export const CALL_TIMEOUT_MS = 5000;

/**
 * Calls the user service from a task. An outage, overload or refused credentials postpone all jobs; a
 * refusal is final; any other fault is retried a few times. A report about an erased user is dropped.
 */
async function callUserService(call: () => Promise<unknown>): Promise<void> {
  try {
    await call();
  } catch (error) {
    if (errorReason(error)?.reason === 'USER_DELETED') return;
    throw toOutboxError(error);
  }
}

function toOutboxError(error: unknown): unknown {
  if (!(error instanceof ConnectError)) return error;
  if (isUnavailable(error)) return new OutboxUnreachableError(error.message, { cause: error });
  if (REFUSALS.has(error.code)) return new OutboxRefusedError(error.message, { cause: error });
  return error;
}

// These faults concern every job alike, as does a full disk of the user service.
const UNAVAILABLE_CODES = new Set([Code.Unavailable, Code.DeadlineExceeded, Code.Unauthenticated]);

const REFUSALS = new Set([
  Code.InvalidArgument,
  Code.NotFound,
  Code.AlreadyExists,
  Code.FailedPrecondition,
  Code.OutOfRange,
]);

const UNAVAILABLE_REASONS = new Set([
  'RATE_LIMITED',
  'DATABASE_FULL',
] satisfies (keyof typeof ErrorReason)[]) as ReadonlySet<string | undefined>;

function isUnavailable(error: ConnectError): boolean {
  return UNAVAILABLE_CODES.has(error.code) || UNAVAILABLE_REASONS.has(errorReason(error)?.reason);
}
