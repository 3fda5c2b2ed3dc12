import { isDatabaseUnavailable } from '../postgres/database-error.ts';
import { runtimeError } from './reasons.ts';
import type { RpcError } from './rpc-error.ts';

/** That the database of a service does not answer, ready for the wire; undefined: the error is another one. */
export function databaseFault(error: unknown, service: string): RpcError | undefined {
  if (!isDatabaseUnavailable(error)) return undefined;
  return runtimeError('DATABASE_UNAVAILABLE', `The database of the ${service} service does not answer.`, {
    retryDelayMs: 1000,
    cause: error,
  });
}
