import { StartupError } from '../startup-error.ts';
import { LOCAL_DATABASE } from './database-access.ts';
import { isDatabaseUnavailable, sqlState } from './database-error.ts';
import type { Pool } from './pool.ts';
import { StatementTimeoutError } from './statement-timeout.ts';

/** The schema that a service requires. */
interface RequiredSchema {
  /** Name of the newest migration that the service needs. */
  readonly migration: string;
  /** The variable that names the database. For messages. */
  readonly variable: string;
  /** The command that brings the schema up to date. For messages. */
  readonly migrate: string;
}

/**
 * Checks before the first call that the database answers and its schema is recent enough. A newer schema is
 * accepted: migrations are additive.
 * @throws StartupError naming the variable and the cure
 */
export async function requireSchema(
  pool: Pool,
  { migration, variable, migrate }: RequiredSchema,
): Promise<void> {
  let rowCount: number | null;
  try {
    ({ rowCount } = await pool.query('select 1 from mikro_orm_migrations where name = $1', [migration]));
  } catch (error) {
    throw new StartupError(explainDatabaseFault(error, variable, migrate), { cause: error });
  }
  if (!rowCount)
    throw new StartupError(`The schema of ${variable} is older than this service: run ${migrate}`);
}

/** Explains an error of connecting in one line: the fault of the database and the cure. */
export function explainDatabaseFault(error: unknown, variable: string, migrate: string): string {
  if (error instanceof StatementTimeoutError) return explainTimeout(error, variable);
  const state = sqlState(error);
  if (variable === LOCAL_DATABASE) return explainLocal(error, state);
  if (isRefusedParameter(error)) {
    return `${variable} leads to a connection pooler (${(error as Error).message}): set ${pooledOf(variable)}=true, or let ${variable} name the database itself`;
  }
  if (state === '42P01') return `The database of ${variable} has no schema yet: run ${migrate}`;
  if (state === '3D000')
    return `The database that ${variable} names does not exist: create it, or correct ${variable}`;
  if (state === '28P01' || state === '28000')
    return `The database of ${variable} refuses the user or password: correct ${variable}`;
  if (state === '42501') {
    return `The user that ${variable} names has no right to what is needed there (${(error as Error).message}): make it the owner of the database, or name the owner in ${variable}`;
  }
  if (isDatabaseUnavailable(error)) {
    return `The database of ${variable} does not answer (${(error as Error).message || (error as { code?: string }).code}): start it, or correct ${variable}`;
  }
  return `The database of ${variable} cannot be used: ${(error as Error).message}`;
}

/** Explains a fault of the database of `npm start`, which no variable leads to. */
function explainLocal(error: unknown, state: string | undefined): string {
  const { message, code } = error as { message?: string; code?: string };
  const start = 'run "npm start" in another terminal, and this again once Rollcall is ready';
  // Another PostgreSQL may listen on its port.
  if (isDatabaseUnavailable(error) || state === '28P01' || state === '28000')
    return `No PostgreSQL of npm start answers (${message || code}): ${start}`;
  if (state === '42P01' || state === '3D000')
    return `The database of npm start is of an earlier version: ${start}`;
  return `The database of npm start cannot be used: ${message}`;
}

function explainTimeout({ timeoutMs, maxTimeoutMs }: StatementTimeoutError, variable: string): string {
  const pooled = pooledOf(variable);
  const service = variable.split('_', 1)[0]?.toLowerCase();
  return [
    `Statement timeouts are not active at ${variable}: statement_timeout is ${timeoutMs} ms there, and must be 1 to ${maxTimeoutMs} ms`,
    `A pooler in transaction mode needs ${pooled}=true and a timeout that the database sets: run npm run migrate -- ${service} with ${pooled}=true and the database itself in ${pooled.replace('POOLED', 'DIRECT_URL')}, or alter database ... set statement_timeout = '${maxTimeoutMs}ms'`,
    'Sessions that the pooler opened before keep their old timeout: RECONNECT in the console of pgbouncer renews them',
  ].join('. ');
}

/** The variable AUTH_DATABASE_POOLED for AUTH_DATABASE_URL. */
function pooledOf(variable: string): string {
  return variable.replace(/(_DIRECT_URL|_REPLICA_URLS|_URL)$/, '_POOLED');
}

/** Whether a pooler refused a session parameter. */
export function isRefusedParameter(error: unknown): boolean {
  return sqlState(error) === '08P01' && /unsupported startup parameter/.test((error as Error).message);
}
