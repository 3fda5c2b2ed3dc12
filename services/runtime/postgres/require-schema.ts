import { StartupError } from '../startup-error.ts';
import { LOCAL_DATABASE } from './database-access.ts';
import { isDatabaseUnavailable, sqlState } from './database-error.ts';
import type { Pool } from './pool.ts';
import { StatementTimeoutError } from './statement-timeout.ts';

/** Which schema a service needs. */
export interface RequiredSchema {
  /** Name of the migration that the service was written against. */
  readonly migration: string;
  /** The variable that names the database, for the message. */
  readonly variable: string;
  /** The command that brings the schema up to date, for the message. */
  readonly migrate: string;
}

/**
 * Checks before the first call that the database is there and its schema is recent enough. Migrations are additive, so
 * a newer schema is fine here; what is too new for the code is refused where migrations run.
 * @throws StartupError naming the variable and the cure.
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

/** One line for an error met while connecting: what is wrong with the database, and the cure. */
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

/** No variable leads to the database of `npm start`, and none can be corrected. */
function explainLocal(error: unknown, state: string | undefined): string {
  const { message, code } = error as { message?: string; code?: string };
  const start = 'run "npm start" in another terminal, and this again once Rollcall is ready';
  // At its port there may be another PostgreSQL.
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

/** For AUTH_DATABASE_URL: AUTH_DATABASE_POOLED. */
function pooledOf(variable: string): string {
  return variable.replace(/(_DIRECT_URL|_REPLICA_URLS|_URL)$/, '_POOLED');
}

/** Whether a pooler refused a parameter of a session. */
export function isRefusedParameter(error: unknown): boolean {
  return sqlState(error) === '08P01' && /unsupported startup parameter/.test((error as Error).message);
}
