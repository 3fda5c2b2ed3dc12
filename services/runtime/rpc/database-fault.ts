import { type DatabaseOutage, databaseOutage, isOutOfResources } from '../postgres/database-error.ts';
import { type RpcError, type RuntimeReason, runtimeError } from './errors.ts';

/** How a caller is answered during an outage of the database. */
interface OutageAnswer {
  readonly reason: RuntimeReason;
  /** Follows "The database of the … service". */
  readonly predicate: string;
  /** Time until the caller may retry. Milliseconds. */
  readonly retryDelayMs: number;
}

const ANSWERS = {
  unavailable: { reason: 'DATABASE_UNAVAILABLE', predicate: 'does not answer', retryDelayMs: 1000 },
  // An operator must free space first.
  full: {
    reason: 'DATABASE_FULL',
    predicate: 'has a full disk and takes no writes until there is room',
    retryDelayMs: 10_000,
  },
  // The next primary accepts writes within seconds.
  read_only: { reason: 'DATABASE_READ_ONLY', predicate: 'takes no writes for now', retryDelayMs: 1000 },
} as const satisfies Record<DatabaseOutage, OutageAnswer>;

const OUT_OF_RESOURCES = 'lacks memory, connections or another resource';

/** Converts the error of a database outage. Undefined for any other error. */
export function databaseFault(error: unknown, service: string): RpcError | undefined {
  const outage = databaseOutage(error);
  if (!outage) return undefined;
  const { reason, predicate, retryDelayMs } = ANSWERS[outage];
  const says = isOutOfResources(error) ? OUT_OF_RESOURCES : predicate;
  const message = `The database of the ${service} service ${says}.`;
  return runtimeError(reason, message, { retryDelayMs, cause: error });
}
