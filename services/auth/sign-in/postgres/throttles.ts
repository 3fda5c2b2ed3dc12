import { type Pool, type PreparedStatement, type RunPrepared, runPrepared } from '@rollcall/runtime/postgres';
import { THROTTLE_LIMITS, type ThrottleKind, type Throttles } from '../throttle.ts';
import type { SignInSeal } from './sign-in-seal.ts';

// Columns keep milliseconds: rounded up, a moment that has come would lie ahead, and who comes at once would be refused.
const NOW = `date_trunc('milliseconds', clock_timestamp())`;

// An attempt of the future was counted before the clock went back: nobody waits until that future comes. A second is more
// than rounding, and less than anybody minds.
const isOfTheFuture = (updateTime: string) => `${updateTime} > clock_timestamp() + interval '1 second'`;

/**
 * SQL that counts an attempt of tenant $1 and answers a row where it was counted. The row's lock puts attempts that come at once in
 * order, and the condition is judged once more behind each wait.
 * @param key where the index is: `$2`.
 * @param condition a `where` without which it is not tried.
 */
export function takeSql(kind: ThrottleKind, key: string, condition = ''): string {
  const { free, firstWaitMs, maxWaitMs, forgetMs } = THROTTLE_LIMITS[kind];
  // What is left of the count before this attempt. Bounded, so that it is forgotten in time.
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

/** SQL of how many ms there are still to wait, of a row of `throttles`. */
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

/** How long whoever was not counted has to wait. At least 1: it may have run out just now, and was not counted all the same. */
export async function readWaitMs(
  run: RunPrepared,
  { tenantId, kind, index }: { tenantId: string; kind: ThrottleKind; index: Buffer },
): Promise<number> {
  const [row] = await run<{ wait_ms: number }>(WAIT, [tenantId, kind, index]);
  return Math.max(1, row?.wait_ms ?? 0);
}

/** Counts in the database: every process knows, and a restart forgets nothing. */
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
