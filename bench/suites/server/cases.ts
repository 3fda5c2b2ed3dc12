import type { BenchCase } from '../../harness/bench-case.ts';
import { list } from './list.ts';
import { search } from './search.ts';
import { signIn } from './sign-in.ts';

/** What the auth service is held to. */
export const SERVER_CASES: readonly BenchCase[] = [signIn, search, list];
