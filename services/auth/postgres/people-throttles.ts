import { type Pool, runPrepared } from '@rollcall/runtime/postgres';
import { THROTTLE_LIMITS, type ThrottleKey, type Throttles } from '../people/throttle.ts';
import type { PeopleSeal } from './people-seal.ts';

// What is left of the count before this attempt. Bounded, so that it is forgotten in time.
const LEFT = `least(greatest(0, t.failures - extract(epoch from clock_timestamp() - t.update_time) * 1000 / $7::float8), $4 + 30)`;

// Columns keep milliseconds: rounded up, a moment that has come would lie ahead, and who comes at once would be refused.
const NOW = `date_trunc('milliseconds', clock_timestamp())`;

// The row's lock puts attempts that come at once in order, and the condition is judged once more behind each wait.
const TAKE = {
  name: 'throttle_take',
  text: `insert into throttles as t (tenant_id, kind, key, failures, blocked_until, update_time)
    values ($1, $2, $3, 1, ${NOW}, clock_timestamp())
    on conflict (tenant_id, kind, key) do update set
      failures = ${LEFT} + 1,
      blocked_until = case when round(${LEFT}) < $4::float8 then ${NOW}
        else clock_timestamp() + least($5::float8 * power(2, round(${LEFT} - $4)), $6::float8) * interval '1 millisecond' end,
      update_time = clock_timestamp()
    where t.blocked_until <= clock_timestamp()
    returning 1`,
};

const WAIT = {
  name: 'throttle_wait',
  text: `select greatest(ceil(extract(epoch from blocked_until - clock_timestamp()) * 1000), 0)::int as wait_ms
    from throttles where tenant_id = $1 and kind = $2 and key = $3`,
};

const GIVE_BACK = {
  name: 'throttle_give_back',
  text: `update throttles set failures = greatest(failures - 1, 0), blocked_until = ${NOW}
    where tenant_id = $1 and kind = $2 and key = $3`,
};

/** Counts in the database: every process knows, and a restart forgets nothing. */
export function createPostgresThrottles(pool: Pool, seal: PeopleSeal): Throttles {
  const place = (key: ThrottleKey) => [key.tenantId, key.kind, seal.throttleIndex(key)];
  const waitMs = async (key: ThrottleKey) => {
    const [row] = await runPrepared<{ wait_ms: number }>(pool, WAIT, place(key));
    return row?.wait_ms ?? 0;
  };
  return {
    async take(key) {
      const { free, firstWaitMs, maxWaitMs, forgetMs } = THROTTLE_LIMITS[key.kind];
      const taken = await runPrepared(pool, TAKE, [...place(key), free, firstWaitMs, maxWaitMs, forgetMs]);
      // At least 1: it may have run out just now, and was not counted all the same.
      return taken.length > 0 ? 0 : Math.max(1, await waitMs(key));
    },
    waitMs,
    async giveBack(key) {
      await runPrepared(pool, GIVE_BACK, place(key));
    },
  };
}
