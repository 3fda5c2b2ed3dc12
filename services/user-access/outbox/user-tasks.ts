import type { JsonObject } from '@bufbuild/protobuf';
import { timestampFromDate } from '@bufbuild/protobuf/wkt';
import { Code, ConnectError } from '@connectrpc/connect';
import type { ErrorReason } from '@rollcall/contract/user';
import { OutboxRefusedError, type OutboxTask, OutboxUnreachableError } from '@rollcall/runtime/outbox';
import type { Pool } from '@rollcall/runtime/postgres';
import { errorReason } from '@rollcall/transport';
import type { UserAdminClient } from '@rollcall/user-client/admin';
import { ACTIVITY_TASK, STATISTICS_TASK, type UserOfTenant } from './user-jobs.ts';

/** A service's figures about a user. What it does not keep it leaves out: the owner adds up those of all services. */
export interface UserStatistics {
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
  readonly readStatistics: (tenantId: string, userId: string) => Promise<UserStatistics>;
}

/** The tasks behind `activityJob` and `statisticsJob`, for `startOutbox`. Each may be done again without harm. */
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
    const told = { ...activity, source, time: timestampFromDate(new Date(activity.time)) };
    const request = { tenantId, id, requestId, activity: told };
    await callUserService(() => admin.recordActivity(request, { signal, timeoutMs: CALL_TIMEOUT_MS }));
  };
}

function recordStatistics({ admin, pool, source, readStatistics }: UserTasksOptions): OutboxTask {
  return async (payload, { signal }) => {
    const { tenantId, userId: id } = payload as UserOfTenant;
    // Before the figures are read: a telling that lost its way cannot undo one that read later.
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
 * A revision above all that were taken for this user before. Figures that are read after it was taken hold everything that an
 * earlier revision told of. It follows the clock, so that a database that was set back to a backup is not behind the owner.
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

/** The longest that one telling may take, in ms. Our own choice: nobody waits for it. */
export const CALL_TIMEOUT_MS = 5000;

/**
 * Calls the user service for the outbox: its being away, busy or unwilling to know us is not the job's fault; a refusal is
 * for good; a fault inside it is tried again a few times. A user who was erased has nothing more to be told.
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

// Who is not known, or asks too much, is so with every job alike; so is an owner whose disk is full.
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
