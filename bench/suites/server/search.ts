import { UserAdminService } from '@rollcall/contract/user';
import { seedUser } from '@rollcall/local';
import { createServiceClient } from '@rollcall/transport';
import pg from 'pg';
import type { BenchCase } from '../../harness/bench-case.ts';
import { interleave } from '../../harness/compare.ts';
import { quantile, toSpread } from '../../harness/stats.ts';
import { SEARCH_TENANT, SEARCH_USERS } from '../../world/seed-search.ts';

/** Searches in a round. */
const SEARCHES = 300;
/** Searches of a round that the peer runs too. Each takes it about a second. */
const SHARED = 4;
const BUDGET_MS = 90_000;
const TIMEOUT_MS = 30_000;

/** Search by a part of a name, best match first. */
export const search: BenchCase = {
  name: 'search',
  doc: 'p99 of SearchUsers over gRPC by parts of names, first page, 1,000,000 users, against plain ILIKE on the same table',
  async run({ world, rounds }) {
    await world.searchUsers(SEARCH_USERS);
    const { address } = await world.auth();
    using admin = createServiceClient(UserAdminService, { address, defaultTimeoutMs: TIMEOUT_MS });
    const client = new pg.Client({ connectionString: (await world.postgres()).databaseUrl('auth') });
    await client.connect();
    const everything: number[] = [];
    const several: number[] = [];
    const ratios: number[] = [];
    let ofOurs = 0;
    const ours = async (query: string) => {
      const start = performance.now();
      const { matches } = await admin.searchUsers({ tenantId: SEARCH_TENANT, query });
      const ms = performance.now() - start;
      if (matches.length === 0) throw new Error(`"${query}" finds no user, although one exists`);
      return ms;
    };
    try {
      const contestants = [
        {
          name: 'SearchUsers',
          async measure(round: number) {
            const times: number[] = [];
            for (const query of parts(round, SEARCHES)) times.push(await ours(query));
            for (const query of pairs(round, SEARCHES / 10)) several.push(await ours(query));
            ofOurs = mean(times.slice(0, SHARED));
            everything.push(...times);
            return quantile(times, 0.99);
          },
        },
        {
          name: 'ILIKE',
          async measure(round: number) {
            const times: number[] = [];
            for (const query of parts(round, SHARED)) times.push(await byIlike(client, query));
            ratios.push(mean(times) / ofOurs);
            return quantile(times, 0.99);
          },
        },
      ];
      const figures = await interleave(contestants, { rounds, warmUps: 1, budgetMs: BUDGET_MS });
      const ratio = toSpread(ratios.slice(1)).median;
      return {
        value: toSpread(figures.get('SearchUsers') ?? []),
        unit: 'ms p99',
        peer: { name: 'ILIKE', value: toSpread(figures.get('ILIKE') ?? []) },
        target: { of: 'value', bound: 'at most', figure: 50, alsoHolds: ratio >= 20 },
        notes: [
          `the same ${SHARED} queries a round took ILIKE ${ratio.toFixed(0)} times as long; at least 20 is to be reached`,
          `median ${quantile(everything, 0.5).toFixed(1)} ms; by two parts of a name median ${quantile(several, 0.5).toFixed(1)} ms, p99 ${quantile(several, 0.99).toFixed(1)} ms`,
        ],
      };
    } finally {
      await client.end();
    }
  },
};

/** Parts of names from all over the table: beginnings, whole names and middles of two letters or more. */
function parts(round: number, count: number): string[] {
  return Array.from({ length: count }, (_, i) => {
    const name = nameOf(round * count + i, i % 2 === 0);
    const letters = [...name];
    if (i % 5 === 0) return name;
    if (i % 5 === 1) return letters.slice(0, 3).join('');
    if (i % 5 === 2) return letters.slice(0, 2).join('');
    return letters.slice(i % 5 === 3 ? 0 : 1, 5).join('');
  }).map((part) => ([...part].length > 1 ? part : 'an'));
}

function pairs(round: number, count: number): string[] {
  return Array.from({ length: count }, (_, i) => {
    const { firstName, lastName } = person(round * count + i);
    return `${firstName} ${[...lastName].slice(0, 1 + (i % 4)).join('')}`;
  });
}

function nameOf(n: number, isFirst: boolean): string {
  const { firstName, lastName } = person(n);
  return isFirst ? firstName : lastName;
}

// Steps by a prime through the users that are not deleted.
function person(n: number) {
  for (let at = 1 + ((n * 7919) % SEARCH_USERS); ; at++) {
    const user = seedUser(1 + (at % SEARCH_USERS));
    if (user.state !== 'DELETED') return user;
  }
}

// In the order of SearchUsers: whole names, then beginnings, then parts.
async function byIlike(client: pg.Client, part: string): Promise<number> {
  const start = performance.now();
  await client.query({
    name: 'ilike',
    text: `select id, tenant_id, version, state, role, first_name, last_name, display_name, profile_image, business_name,
        create_time, update_time, delete_time from users
      where tenant_id = $1 and state in ('ACTIVE', 'SUSPENDED')
        and (first_name ilike $2 or last_name ilike $2 or display_name ilike $2 or business_name ilike $2)
      order by case when first_name ilike $4 or last_name ilike $4 then 0
        when first_name ilike $3 or last_name ilike $3 then 1 else 2 end, id limit 50`,
    values: [SEARCH_TENANT, `%${part}%`, `${part}%`, part],
  });
  return performance.now() - start;
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, each) => sum + each, 0) / values.length;
}
