import type { BenchCase } from '../../harness/bench-case.ts';
import { coalescedConnect } from './coalesced-connect.ts';
import { coalescedGrpcJs } from './coalesced-grpc-js.ts';
import { hit } from './hit.ts';
import { invalidation } from './invalidation.ts';
import { memory } from './memory.ts';
import { mixed } from './mixed.ts';
import { outage } from './outage.ts';
import { pageCold } from './page-cold.ts';
import { pageWarm } from './page-warm.ts';
import { peek } from './peek.ts';

/** What the user client is held to. */
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
