import { StartupError } from '@rollcall/runtime';
import { Client, escapeIdentifier } from 'pg';

/** Timeout for sessions of a pooler. */
export interface PooledTimeout {
  /** URL of the database itself, as its owner. */
  readonly url: string;
  /** Longest statement of the service, in milliseconds. */
  readonly timeoutMs: number;
  readonly variable: string;
}

/**
 * Sets a statement timeout for new sessions of the database, unless a shorter one is active. Idle sessions
 * are closed, so that a pooler opens new ones.
 * @throws StartupError when a setting of the role overrides it
 */
export async function setPooledTimeout({ url, timeoutMs, variable }: PooledTimeout): Promise<void> {
  await using session = await open(url);
  if (isActive(await session.read(), timeoutMs)) return;
  const { rows } = await session.client.query<{ name: string; role: string }>(
    'select current_database() as name, current_user as role',
  );
  const { name = '', role = '' } = rows[0] ?? {};
  await session.client.query(
    `alter database ${escapeIdentifier(name)} set statement_timeout = '${timeoutMs}ms'`,
  );
  await session.client.query(CLOSE_IDLE);
  await using fresh = await open(url);
  const nowMs = await fresh.read();
  if (isActive(nowMs, timeoutMs)) return;
  throw new StartupError(
    `statement_timeout is ${nowMs} ms for the role ${role} of ${variable}, whatever its database says: run alter role ${escapeIdentifier(role)} reset statement_timeout`,
  );
}

/** Closes the idle sessions of a role in its database, so that a pooler opens new ones. */
export async function closeIdleSessions(url: string): Promise<void> {
  await using session = await open(url);
  await session.client.query(CLOSE_IDLE);
}

const CLOSE_IDLE = `select pg_terminate_backend(pid, 1000) from pg_stat_activity
  where datname = current_database() and pid <> pg_backend_pid() and state = 'idle'
    and backend_type = 'client backend' and pg_has_role(usesysid, 'USAGE')`;

const READ = `select (extract(epoch from current_setting('statement_timeout')::interval) * 1000)::float8 as ms`;

function isActive(ms: number, maxMs: number): boolean {
  return ms > 0 && ms <= maxMs;
}

async function open(url: string): Promise<{ client: Client; read(): Promise<number> } & AsyncDisposable> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 5000 });
  client.on('error', () => undefined);
  await client.connect();
  return {
    client,
    read: async () => (await client.query<{ ms: number }>(READ)).rows[0]?.ms ?? 0,
    [Symbol.asyncDispose]: () => client.end(),
  };
}
