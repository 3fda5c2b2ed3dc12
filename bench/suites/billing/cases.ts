import type { BenchCase } from '../../harness/bench-case.ts';
import { ack } from './ack.ts';
import { webhooks } from './webhooks.ts';

/** What billing and booking promise. */

export const BILLING_CASES: readonly BenchCase[] = [webhooks, ack];
