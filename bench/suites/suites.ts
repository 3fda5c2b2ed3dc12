import type { BenchSuite } from '../harness/bench-case.ts';
import { BILLING_CASES } from './billing/cases.ts';
import { CLIENT_CASES } from './client/cases.ts';
import { SERVER_CASES } from './server/cases.ts';

/** All suites, in the order of `--help`. */
export const SUITES: readonly BenchSuite[] = [
  { name: 'client', cases: CLIENT_CASES },
  { name: 'server', cases: SERVER_CASES },
  { name: 'billing', cases: BILLING_CASES },
];
