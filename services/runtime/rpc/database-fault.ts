import { type DatabaseOutage, databaseOutage, isOutOfResources } from '../postgres/database-error.ts';
import { type RpcError, type RuntimeReason, runtimeError } from './errors.ts';

/** How an outage of the database is told to a caller. */
interface OutageAnswer {
  readonly reason: RuntimeReason;
  /** Follows "The database of the … service". */
  readonly predicate: string;
  /** When to try again. Milliseconds. */
  readonly retryDelayMs: number;
}

const ANSWERS = {
  unavailable: { reason: 'DATABASE_UNAVAILABLE', predicate: 'does not answer', retryDelayMs: 1000 },
  // Somebody has to make room first.
  full: {
    reason: 'DATABASE_FULL',
    predicate: 'has a full disk and takes no writes until there is room',
    retryDelayMs: 10_000,
  },
  // Its successor takes them within seconds.
  read_only: { reason: 'DATABASE_READ_ONLY', predicate: 'takes no writes for now', retryDelayMs: 1000 },
} as const satisfies Record<DatabaseOutage, OutageAnswer>;

const OUT_OF_RESOURCES = 'lacks memory, connections or another resource';

/** That the database of a service does not serve the call, ready for the wire; undefined: the error is another one. */
export function databaseFault(error: unknown, service: string): RpcError | undefined {
  const outage = databaseOutage(error);
  if (!outage) return undefined;
  const { reason, predicate, retryDelayMs } = ANSWERS[outage];
  const says = isOutOfResources(error) ? OUT_OF_RESOURCES : predicate;
  const message = `The database of the ${service} service ${says}.`;
  return runtimeError(reason, message, { retryDelayMs, cause: error });
}
