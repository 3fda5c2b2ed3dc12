// Public API of @rollcall/runtime/postgres: prepared statements on a pool, MikroORM, and the meaning of
// database errors.

export { CallEndedError, PoolExhaustedError, surviveBrokenConnections } from './bounded-pool.ts';
export type { DatabaseAccess } from './database-access.ts';
export {
  type DatabaseOutage,
  databaseOutage,
  isDatabaseDown,
  isDatabaseUnavailable,
  sqlState,
  violatedConstraint,
} from './database-error.ts';
export { createOrm } from './orm.ts';
export {
  createDatabaseProbe,
  createPool,
  type DatabaseProbe,
  type Pool,
  type PoolOptions,
  type RenewablePool,
} from './pool.ts';
export {
  type PreparedStatement,
  type RunPrepared,
  runPrepared,
  transactPrepared,
} from './prepared-transaction.ts';
export { explainDatabaseFault, requireSchema } from './require-schema.ts';
export {
  probeSessions,
  requireDirect,
  requireDirectUrl,
  requireReplicaSessions,
  requireSessions,
} from './sessions.ts';
