import type { BenchCase } from '../../harness/bench-case.ts';
import { coalescedConnect, coalescedGrpcJs } from './coalesced.ts';
import { hit, peek } from './hit.ts';
import { invalidation } from './invalidation.ts';
import { memory } from './memory.ts';
import { mixed } from './mixed.ts';
import { outage } from './outage.ts';
import { pageCold, pageWarm } from './page.ts';

/** Cases of the suite `client`, in the order in which they run. */
export const CLIENT_CASES: readonly BenchCase[] = [
  hit,
  peek,
  mixed,
  coalescedGrpcJs,
  coalescedConnect,
  pageWarm,
  pageCold,
  memory,
  invalidation,
  outage,
];
