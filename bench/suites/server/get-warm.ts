import type { BenchCase } from '../../harness/bench-case.ts';
import { compareGets } from './get.ts';

/** What everything that a service must do costs beside the library that carries it. */
export const getWarm: BenchCase = {
  name: 'get-warm',
  doc: 'GetUser of users in the cache of the service, against a bare grpc-js server that answers from a Map',
  run: (context) => compareGets(context, {}, 0.85),
};
