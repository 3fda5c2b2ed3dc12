import { chmodSync, mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '@rollcall/local';
import pg from 'pg';
import { runScript } from './run-script.ts';

// Each gets the schema of this checkout.
const SERVICES = ['auth', 'booking', 'billing'];

const SETTINGS = {
  max_connections: '200',
  shared_buffers: '512MB',
  max_wal_size: '4GB',
  // Records when each change was committed.
  track_commit_timestamp: 'on',
};

/**
 * Starts a Postgres with the services' databases. Disposing stops it and deletes its data.
 * @param options.durable whether a commit waits for the disk
 * @defaultValue `durable: false`
 */
export async function startPostgres({ durable = false } = {}): Promise<EmbeddedPostgres> {
  await using stack = new AsyncDisposableStack();
  const dataDirectory = realpathSync(mkdtempSync(join(tmpdir(), 'rollcall-bench-')));
  stack.defer(() => rmSync(dataDirectory, { recursive: true, force: true }));
  // When root runs this, the server's own user must be able to enter the directory.
  chmodSync(dataDirectory, 0o711);
  const postgres = await startEmbeddedPostgres({
    dataDirectory,
    port: 0,
    databases: SERVICES,
    settings: SETTINGS,
    durable,
  });
  stack.defer(() => rmSync(dirname(postgres.location), { recursive: true, force: true }));
  stack.use(postgres);
  await runScript(new URL('../../migrations/main.ts', import.meta.url), SERVICES, {
    AUTH_DATABASE_URL: postgres.databaseUrl('auth'),
    AUTH_DATABASE_OWNER_URL: postgres.ownerUrl('auth'),
    BOOKING_DATABASE_URL: postgres.databaseUrl('booking'),
    BILLING_DATABASE_URL: postgres.databaseUrl('billing'),
  });
  const closers = stack.move();
  return { ...postgres, [Symbol.asyncDispose]: () => closers.disposeAsync() };
}

/** Creates a database unless it exists. Returns its URL for the superuser. */
export async function makeDatabase(postgres: EmbeddedPostgres, name: string): Promise<string> {
  await withClient(postgres.adminUrl, async (client) => {
    const { rowCount } = await client.query('select from pg_database where datname = $1', [name]);
    if (rowCount === 0) await client.query(`create database ${pg.escapeIdentifier(name)}`);
  });
  return adminUrlOf(postgres, name);
}

/** Returns the URL of a database for the superuser. */
export function adminUrlOf({ adminUrl }: EmbeddedPostgres, name: string): string {
  const url = new URL(adminUrl);
  url.pathname = `/${name}`;
  return url.href;
}

/** Works in a database as the superuser, on a connection that is closed afterwards. */
export async function asSuperuser(
  postgres: EmbeddedPostgres,
  name: string,
  work: (client: pg.Client) => Promise<void>,
): Promise<void> {
  await withClient(adminUrlOf(postgres, name), work);
}

/** Works on a connection that is closed afterwards. */
export async function withClient(
  connectionString: string,
  work: (client: pg.Client) => Promise<void>,
): Promise<void> {
  const client = new pg.Client({ connectionString });
  await client.connect();
  try {
    await work(client);
  } finally {
    await client.end();
  }
}
