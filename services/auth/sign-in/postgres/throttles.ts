import { type Pool, type PreparedStatement, type RunPrepared, runPrepared } from '@rollcall/runtime/postgres';
import { THROTTLE_LIMITS, type ThrottleKind, type Throttles } from '../throttle.ts';
import type { SignInSeal } from './sign-in-seal.ts';

// Columns keep milliseconds. Rounded up, the present moment would lie ahead, and the next call would be
// refused.
const NOW = `date_trunc('milliseconds', clock_timestamp())`;

// An attempt of the future was counted before the clock went back, and blocks no one. A second is more than
// rounding.
const isOfTheFuture = (updateTime: string) => `${updateTime} > clock_timestamp() + interval '1 second'`;

/**
 * SQL that counts an attempt of tenant $1, and answers a row when it did. The lock of the row puts concurrent
 * attempts in order, and each checks the condition again after its wait.
 * @param key the placeholder of the index: `$2`
 * @param condition a `where` clause under which the attempt is counted
 */
export function takeSql(kind: ThrottleKind, key: string, condition = ''): string {
  const { free, firstWaitMs, maxWaitMs, forgetMs } = THROTTLE_LIMITS[kind];
  // The count that is left before this attempt. Bounded, so that it expires in time.
  const left = `least(greatest(0, t.failures - greatest(0, extract(epoch from clock_timestamp() - t.update_time)) * 1000 / ${forgetMs}::float8), ${free} + 30)`;
  return `insert into throttles as t (tenant_id, kind, key, failures, blocked_until, update_time)
    select $1::text, '${kind}', ${key}::bytea, 1, ${NOW}, clock_timestamp() ${condition}
    on conflict (tenant_id, kind, key) do update set
      failures = ${left} + 1,
      blocked_until = case when round(${left}) < ${free}::float8 then ${NOW}
        else clock_timestamp() + least(${firstWaitMs}::float8 * power(2, round(${left} - ${free})), ${maxWaitMs}::float8) * interval '1 millisecond' end,
      update_time = clock_timestamp()
    where t.blocked_until <= clock_timestamp() or ${isOfTheFuture('t.update_time')}
    returning 1`;
}

/** SQL for the wait that is left of a row of `throttles`. Milliseconds. */
export const WAIT_MS = `case when ${isOfTheFuture('update_time')} then 0
  else greatest(ceil(extract(epoch from blocked_until - clock_timestamp()) * 1000), 0)::int end`;

const take = (kind: ThrottleKind) => ({
  name: `throttle_take_${kind.toLowerCase()}`,
  text: takeSql(kind, '$2'),
});
const TAKE: Readonly<Record<ThrottleKind, PreparedStatement>> = {
  ACCOUNT: take('ACCOUNT'),
  SOURCE: take('SOURCE'),
  MAIL: take('MAIL'),
  MAIL_SOURCE: take('MAIL_SOURCE'),
};

const WAIT = {
  name: 'throttle_wait',
  text: `select ${WAIT_MS} as wait_ms from throttles where tenant_id = $1 and kind = $2 and key = $3`,
};

const GIVE_BACK = {
  name: 'throttle_give_back',
  text: `update throttles set failures = greatest(failures - 1, 0), blocked_until = ${NOW}
    where tenant_id = $1 and kind = $2 and key = $3`,
};

/**
 * Reads how long a refused attempt must wait. Milliseconds, at least 1: the wait may have ended a moment ago.
 */
export async function readWaitMs(
  run: RunPrepared,
  { tenantId, kind, index }: { tenantId: string; kind: ThrottleKind; index: Buffer },
): Promise<number> {
  const [row] = await run<{ wait_ms: number }>(WAIT, [tenantId, kind, index]);
  return Math.max(1, row?.wait_ms ?? 0);
}

/** Counts attempts in the database: all processes share the counts, and a restart keeps them. */
export function createPostgresThrottles(pool: Pool, seal: SignInSeal): Throttles {
  const run: RunPrepared = (statement, values) => runPrepared(pool, statement, values);
  return {
    async take(key) {
      const index = seal.throttleIndex(key);
      const taken = await run(TAKE[key.kind], [key.tenantId, index]);
      return taken.length > 0 ? 0 : await readWaitMs(run, { ...key, index });
    },
    async refund({ tenantId, kind, key }) {
      await run(GIVE_BACK, [tenantId, kind, seal.throttleIndex({ tenantId, kind, key })]);
    },
  };
}
