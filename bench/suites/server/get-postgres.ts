import type { BenchCase } from '../../harness/bench-case.ts';
import { compareGets } from './get.ts';

/** The same where nothing is remembered. */
export const getPostgres: BenchCase = {
  name: 'get-postgres',
  doc: 'GetUser with every read from Postgres, against the same server, which still answers from a Map',
  run: (context) => compareGets(context, { AUTH_CACHED_USERS: '0' }, 0.5),
};
