import type { BenchCase } from '../../harness/bench-case.ts';
import { interleave } from '../../harness/compare.ts';
import { toSpread } from '../../harness/stats.ts';
import { runScript } from '../../world/run-script.ts';

const USERS = 1_000_000;
/** Memory hardly differs between processes, and each takes seconds to fill. */
const MOST_ROUNDS = 2;
const BUDGET_MS = 30_000;
const CHILD = new URL('memory-child.ts', import.meta.url);
// Room for a million users and the garbage made on the way.
const NODE_OPTIONS = ['--expose-gc', '--max-old-space-size=4096'];

/** Memory that the cache takes for each user, beyond the user itself. */
export const memory: BenchCase = {
  name: 'memory',
  doc: 'bytes per user at a million known users, against the same objects in a bare lru-cache',
  async run({ world, rounds }) {
    await world.users(USERS);
    const { address } = await world.auth();
    const bytesPerUser = async (holder: string) =>
      Number(await runScript(CHILD, [holder, address, world.tenantId, String(USERS)], {}, NODE_OPTIONS));
    const figures = await interleave(
      ['client', 'lru-cache'].map((name) => ({ name, measure: () => bytesPerUser(name) })),
      { rounds: Math.min(rounds, MOST_ROUNDS), warmUps: 0, budgetMs: BUDGET_MS },
    );
    return {
      value: toSpread(figures.get('client') ?? []),
      unit: 'bytes/user',
      peer: { name: 'bare lru-cache', value: toSpread(figures.get('lru-cache') ?? []) },
      target: { of: 'ratio', bound: 'at most', figure: 1.15 },
    };
  },
};
