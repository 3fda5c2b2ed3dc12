// PostgreSQL: prepared statements on a pool, MikroORM, what its errors mean.

export type { DatabaseAccess } from './postgres/database-access.ts';
export {
  type DatabaseOutage,
  databaseOutage,
  isDatabaseAway,
  isDatabaseUnavailable,
  sqlState,
  violatedConstraint,
} from './postgres/database-error.ts';
export { createDatabaseProbe, type DatabaseProbe } from './postgres/database-probe.ts';
export { createOrm } from './postgres/orm.ts';
export { CallOverError, PoolBusyError, surviveBrokenConnections } from './postgres/patient-pool.ts';
export { createPool, type Pool, type PoolOptions, type RenewablePool } from './postgres/pool.ts';
export {
  type PreparedStatement,
  type RunPrepared,
  runPrepared,
  transactPrepared,
} from './postgres/prepared-transaction.ts';
export { explain as explainDatabaseFault, requireSchema } from './postgres/require-schema.ts';
export {
  probeSessions,
  requireDirect,
  requireDirectUrl,
  requireReplicaSessions,
  requireSessions,
} from './postgres/sessions.ts';
