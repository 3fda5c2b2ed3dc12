import type { BenchCase } from '../../harness/bench-case.ts';
import { batchPostgres } from './batch-postgres.ts';
import { getPostgres } from './get-postgres.ts';
import { getWarm } from './get-warm.ts';
import { list } from './list.ts';
import { search } from './search.ts';
import { signIn } from './sign-in.ts';
import { update } from './update.ts';
import { workers } from './workers.ts';
import { workersAudited } from './workers-audited.ts';

/** What the auth service is held to. */
export const SERVER_CASES: readonly BenchCase[] = [
  getWarm,
  getPostgres,
  batchPostgres,
  update,
  signIn,
  search,
  list,
  workers,
  workersAudited,
];
