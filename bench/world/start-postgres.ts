import { chmodSync, mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '@rollcall/local';
import { runScript } from './run-script.ts';

/** Databases of the services, each at the schema of this checkout. */
const SERVICES = ['auth', 'booking', 'billing'];

const SETTINGS = {
  max_connections: '200',
  shared_buffers: '512MB',
  max_wal_size: '4GB',
  // Tells when a change was committed, by the clock of this machine.
  track_commit_timestamp: 'on',
};

/**
 * A Postgres of its own with the services' databases, gone with all its data when it is disposed of.
 * @param options.durable whether a commit waits for the disk. Default false: what is written is thrown away.
 */
export async function startPostgres({ durable = false } = {}): Promise<EmbeddedPostgres> {
  await using stack = new AsyncDisposableStack();
  const dataDirectory = realpathSync(mkdtempSync(join(tmpdir(), 'rollcall-bench-')));
  stack.defer(() => rmSync(dataDirectory, { recursive: true, force: true }));
  // Lets the server's user through where root made the directory for root alone.
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
