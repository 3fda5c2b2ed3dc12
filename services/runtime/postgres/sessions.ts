import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import type { Secret } from '../config/secret.ts';
import { StartupError } from '../startup-error.ts';
import type { DatabaseAccess } from './database-access.ts';
import { sqlState } from './database-error.ts';
import { CONNECT_TIMEOUT_MS, type Pool } from './pool.ts';
import { explainDatabaseFault, isRefusedParameter } from './require-schema.ts';
import { STATEMENT_TIMEOUT_MS, StatementTimeoutError } from './statement-timeout.ts';

/** Properties of the sessions behind a connection. */
interface SessionFacts {
  /**
   * Whether transactions of one connection run in several sessions of Postgres, as behind a pooler in
   * transaction mode.
   */
  readonly isShared: boolean;
  /** Whether a named prepared statement can be run in a later transaction. */
  readonly keepsStatements: boolean;
}

const ROUNDS = 3;
// How long the second connection holds its session. A pooler may have only one session to lend. Milliseconds.
const HOLD_MS = 100;
// How long each of several concurrent statements holds its session, so that a pooler lends one to each.
// Seconds.
const SPREAD_S = 0.05;
const DUPLICATE_STATEMENT = '42P05';
const UNKNOWN_STATEMENT = '26000';

/**
 * Finds out whether a connection is one session of Postgres, by the process ids of two connections that
 * alternate. A pooler in session mode counts as direct. Rejects when the database does not answer.
 */
export async function probeSessions(url: Secret): Promise<SessionFacts> {
  await using one = await connect(url);
  await using other = await connect(url);
  const ofOne = new Set<number>();
  const ofOther = new Set<number>();
  const name = `probe_${randomUUID()}`;
  const ask = async () => ofOne.add(await readPid(one.client, name));
  try {
    for (let round = 0; round < ROUNDS; round++) {
      await ask();
      // Asked twice, in case two connections that alternate between two sessions meet the same one again.
      if (round > 0) await ask();
      await other.client.query('begin');
      ofOther.add(await readPid(other.client));
      const pending = ask();
      await Promise.race([pending.catch(() => {}), sleep(HOLD_MS)]);
      await other.client.query('commit');
      await pending;
    }
  } catch (error) {
    if (sqlState(error) !== UNKNOWN_STATEMENT && sqlState(error) !== DUPLICATE_STATEMENT) throw error;
    return { isShared: true, keepsStatements: false };
  }
  return { isShared: ofOne.size > 1 || !ofOne.isDisjointFrom(ofOther), keepsStatements: true };
}

/**
 * Checks that the database is reached as the settings say: each connection one session, or a pooler that
 * keeps prepared statements and ends slow ones.
 * @param pool the pool with the shortest statement timeout
 * @throws StartupError naming the variable and the cure
 */
export async function requireSessions(pool: Pool, access: DatabaseAccess, prefix: string): Promise<void> {
  const variable = `${prefix}_DATABASE_URL`;
  try {
    const { isShared, keepsStatements } = await probeSessions(access.databaseUrl);
    if (isShared && !access.isPooled) throw new StartupError(poolerCure(variable));
    if (!keepsStatements) {
      throw new StartupError(
        `The pooler of ${variable} forgets prepared statements: take pgbouncer 1.21 or newer and set max_prepared_statements = 200 there`,
      );
    }
    if (access.isPooled) await requireTimeoutsOfAll(pool);
  } catch (error) {
    if (error instanceof StartupError) throw error;
    throw new StartupError(explainDatabaseFault(error, variable, 'npm run migrate'), { cause: error });
  }
}

/**
 * Checks a replica as `requireSessions` checks the database. The replica may be down.
 * @throws StartupError when a pooler in front of it refuses or drops session parameters
 */
export async function requireReplicaSessions(pool: Pool, variable: string): Promise<void> {
  await pool.query('select 1').catch((error: unknown) => {
    const isOfPooler = error instanceof StatementTimeoutError || isRefusedParameter(error);
    if (isOfPooler)
      throw new StartupError(explainDatabaseFault(error, variable, 'npm run migrate'), { cause: error });
  });
}

/**
 * Checks as many sessions of the pooler as it lends at once: sessions from before the setting lack the
 * timeout.
 */
async function requireTimeoutsOfAll(pool: Pool): Promise<void> {
  const maxTimeoutMs = Number((pool.options as { statementTimeoutMs?: number }).statementTimeoutMs);
  const text = `select ${STATEMENT_TIMEOUT_MS} as ms, pg_sleep(${SPREAD_S})`;
  const ask = async () => {
    const { rows } = await pool.query<{ ms: number }>(text);
    const timeoutMs = rows[0]?.ms ?? 0;
    if (timeoutMs <= 0 || timeoutMs > maxTimeoutMs) throw new StatementTimeoutError(timeoutMs, maxTimeoutMs);
  };
  await Promise.all(Array.from({ length: pool.options.max }, ask));
}

/**
 * Returns the URL at which each connection is its own session.
 * @param what the feature that needs it, for the message: `the outbox`
 * @throws StartupError when the settings name none, or a pooler, or another database
 */
export async function requireDirectUrl(
  { databaseUrl, isPooled, directDatabaseUrl }: DatabaseAccess,
  { prefix, what }: { prefix: string; what: string },
): Promise<Secret> {
  if (!isPooled) return databaseUrl;
  const variable = `${prefix}_DATABASE_DIRECT_URL`;
  if (!directDatabaseUrl) {
    throw new StartupError(
      `${prefix}_DATABASE_POOLED is true, and ${what} needs sessions of its own: set ${variable} to the database itself, not the pooler`,
    );
  }
  await requireDirect(directDatabaseUrl, variable);
  if ((await placeOf(databaseUrl)) !== (await placeOf(directDatabaseUrl))) {
    throw new StartupError(`${prefix}_DATABASE_URL and ${variable} lead to different databases: correct one`);
  }
  return directDatabaseUrl;
}

/**
 * Checks that each connection of a URL is its own session.
 * @throws StartupError when a pooler in transaction mode is in front, or the database does not answer
 */
export async function requireDirect(url: Secret, variable: string): Promise<void> {
  const { isShared } = await probeSessions(url).catch((error: unknown) => {
    throw new StartupError(explainDatabaseFault(error, variable, 'npm run migrate'), { cause: error });
  });
  if (isShared) throw new StartupError(directCure(variable));
}

function directCure(variable: string): string {
  const prefix = variable.replace(/_(DIRECT_)?URL$/, '');
  const cure = variable.endsWith('_DIRECT_URL')
    ? `let ${variable} name the database itself`
    : `set ${prefix}_DIRECT_URL to the database itself`;
  return `${variable} leads to a connection pooler in transaction mode, where locks of a session are lost: ${cure}`;
}

function poolerCure(variable: string): string {
  const prefix = variable.replace(/_URL$/, '');
  return `${variable} leads to a connection pooler in transaction mode: set ${prefix}_POOLED=true, or let ${variable} name the database itself`;
}

async function placeOf(url: Secret): Promise<string> {
  await using connected = await connect(url);
  const { rows } = await connected.client.query<{ place: string }>(
    `select concat(pg_postmaster_start_time(), ' ', oid) as place from pg_database where datname = current_database()`,
  );
  return rows[0]?.place ?? '';
}

async function readPid(client: pg.Client, name?: string): Promise<number> {
  const text = 'select pg_backend_pid() as pid';
  const { rows } = await client.query<{ pid: number }>(name ? { name, text } : text);
  return rows[0]?.pid ?? 0;
}

async function connect(url: Secret): Promise<{ client: pg.Client } & AsyncDisposable> {
  const options = { connectionString: url.reveal(), connectionTimeoutMillis: CONNECT_TIMEOUT_MS };
  const client = new pg.Client({ ...options, query_timeout: 10_000 });
  // A broken connection fails its query.
  client.on('error', () => undefined);
  await client.connect();
  return { client, [Symbol.asyncDispose]: () => client.end() };
}
