import type { MessageInitShape } from '@bufbuild/protobuf';
import { UserAdminService, type UserFilterSchema, UserRole, UserState } from '@rollcall/contract/user';
import { seedUser } from '@rollcall/local';
import { createServiceClient } from '@rollcall/transport';
import type { BenchCase } from '../../harness/bench-case.ts';
import { interleave } from '../../harness/compare.ts';
import { quantile, toSpread } from '../../harness/stats.ts';
import { SEARCH_TENANT, SEARCH_USERS } from '../../world/seed-search.ts';

/** How often a round lists every filter in every order. */
const REPEATS = 5;
const BUDGET_MS = 60_000;
const TIMEOUT_MS = 30_000;

const moment = (n: number) => ({
  seconds: BigInt(Math.floor(seedUser(n).createTime.getTime() / 1000)),
  nanos: 0,
});

// Common values, rare ones, and combinations.
const FILTERS: readonly MessageInitShape<typeof UserFilterSchema>[] = [
  {},
  { roles: [UserRole.VENDOR] },
  { roles: [UserRole.ADMIN] },
  { states: [UserState.SUSPENDED] },
  { states: [UserState.DELETED] },
  { states: [UserState.SUSPENDED], roles: [UserRole.VENDOR] },
  { tags: ['vegetarian'] },
  { tags: ['vegetarian'], roles: [UserRole.ADMIN] },
  { createdFrom: moment(SEARCH_USERS / 2), createdBefore: moment(SEARCH_USERS / 2 + 5_000) },
  { createdFrom: moment(SEARCH_USERS - 1_000) },
  { createdBefore: moment(1_000), roles: [UserRole.VENDOR] },
  { activeFrom: moment(SEARCH_USERS - 20_000) },
  { activeFrom: moment(1), activeBefore: moment(20_000) },
];

const ORDERS = ['create_time', 'create_time desc', 'update_time desc', 'display_name', 'display_name desc'];

/** The first page of a list, by the filters and orders that an admin console offers. */
export const list: BenchCase = {
  name: 'list',
  doc: `p99 of ListUsers over gRPC, first page of 50, ${FILTERS.length} filters in ${ORDERS.length} orders, 1,000,000 users`,
  async run({ world, rounds }) {
    await world.searchUsers(SEARCH_USERS);
    const { address } = await world.auth();
    using admin = createServiceClient(UserAdminService, { address, defaultTimeoutMs: TIMEOUT_MS });
    const slowest = { ms: 0, request: '' };
    const all: number[] = [];
    const measure = async (round: number) => {
      const times: number[] = [];
      for (let i = 0; i < REPEATS * FILTERS.length * ORDERS.length; i++) {
        const request = listWith(FILTERS[i % FILTERS.length] ?? {}, ORDERS[i % ORDERS.length] ?? '');
        const start = performance.now();
        await admin.listUsers(request);
        const ms = performance.now() - start;
        times.push(ms);
        if (round > 0 && ms > slowest.ms) Object.assign(slowest, { ms, request: describe(request) });
      }
      if (round > 0) all.push(...times);
      return quantile(times, 0.99);
    };
    const figures = await interleave([{ name: 'ListUsers', measure }], {
      rounds,
      warmUps: 1,
      budgetMs: BUDGET_MS,
    });
    return {
      value: toSpread(figures.get('ListUsers') ?? []),
      unit: 'ms p99',
      target: { of: 'value', bound: 'at most', figure: 100 },
      notes: [
        `median ${quantile(all, 0.5).toFixed(1)} ms; the slowest of all took ${slowest.ms.toFixed(0)} ms: ${slowest.request}`,
      ],
    };
  },
};

function listWith(filter: MessageInitShape<typeof UserFilterSchema>, orderBy: string) {
  return { tenantId: SEARCH_TENANT, filter, orderBy };
}

function describe({ filter, orderBy }: ReturnType<typeof listWith>): string {
  return JSON.stringify({ orderBy, ...filter }, (_, value) =>
    typeof value === 'bigint' ? Number(value) : value,
  );
}
