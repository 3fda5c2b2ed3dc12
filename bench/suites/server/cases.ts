import type { BenchCase } from '../../harness/bench-case.ts';
import { batchPostgres } from './batch-postgres.ts';
import { getPostgres, getWarm } from './get.ts';
import { list } from './list.ts';
import { search } from './search.ts';
import { signIn } from './sign-in.ts';
import { update } from './update.ts';
import { workers, workersAudited } from './workers.ts';

/** Cases of the suite `server`, in the order in which they run. */
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
