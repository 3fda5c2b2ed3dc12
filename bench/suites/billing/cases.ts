import type { BenchCase } from '../../harness/bench-case.ts';
import { ack } from './ack.ts';
import { filteredPage } from './filtered-page.ts';
import { webhooks } from './webhooks.ts';

/** What billing promises, and booking without a table of users. */
export const BILLING_CASES: readonly BenchCase[] = [webhooks, ack, filteredPage];
