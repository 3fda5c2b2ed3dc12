import type { BenchCase } from '../../harness/bench-case.ts';
import { ack } from './ack.ts';
import { filteredPage } from './filtered-page.ts';
import { webhooks } from './webhooks.ts';

/** Cases of the suite `billing`, in the order in which they run. */
export const BILLING_CASES: readonly BenchCase[] = [webhooks, ack, filteredPage];
