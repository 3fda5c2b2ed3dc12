import { execFileSync } from 'node:child_process';
import { appendFileSync, chmodSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '@rollcall/local';
import { TEST_KEYS } from '@rollcall/runtime/testing';
import pg from 'pg';

const MIGRATE = fileURLToPath(new URL('../../../migrations/main.ts', import.meta.url));

/** A primary with a migrated database `auth`, of this test alone. */
export async function startPrimary(): Promise<EmbeddedPostgres & { readonly dataDirectory: string }> {
  const dataDirectory = makeDirectory('primary');
  const postgres = await startEmbeddedPostgres({
    dataDirectory,
    port: 0,
    databases: ['auth'],
    settings: { wal_level: 'replica', max_wal_senders: '4' },
  });
  execFileSync(process.execPath, [MIGRATE, 'auth'], {
    env: {
      ...process.env,
      ...TEST_KEYS,
      AUTH_DATABASE_URL: postgres.databaseUrl('auth'),
      AUTH_DATABASE_OWNER_URL: postgres.ownerUrl('auth'),
    },
  });
  return {
    ...postgres,
    dataDirectory,
    async [Symbol.asyncDispose]() {
      await postgres[Symbol.asyncDispose]();
      rmSync(dataDirectory, { recursive: true, force: true });
    },
  };
}

/**
 * A streaming replica of it: its files copied between `pg_backup_start` and `pg_backup_stop`, as
 * `pg_basebackup` does it, which does not come with the binaries.
 */
export async function startReplica(
  primary: EmbeddedPostgres & { readonly dataDirectory: string },
): Promise<EmbeddedPostgres> {
  const dataDirectory = makeDirectory('replica');
  const client = new pg.Client({ connectionString: primary.adminUrl });
  await client.connect();
  await client.query(`select pg_backup_start('replica', true)`);
  execFileSync('cp', ['-a', `${primary.dataDirectory}/.`, dataDirectory]);
  const { rows } = await client.query('select labelfile from pg_backup_stop(false)');
  await client.end();
  const data = join(dataDirectory, 'postgres', 'data');
  rmSync(join(data, 'postmaster.pid'), { force: true });
  writeAs(data, 'backup_label', rows[0].labelfile);
  writeAs(data, 'standby.signal', '');
  const url = new URL(primary.adminUrl);
  const connection = `host=${url.hostname} port=${url.port} user=${url.username} password=${url.password}`;
  appendFileSync(
    join(data, 'postgresql.auto.conf'),
    `primary_conninfo = '${connection}'\nhot_standby = on\n`,
  );
  const postgres = await startEmbeddedPostgres({ dataDirectory, port: 0 });
  return {
    ...postgres,
    databaseUrl: (name) => {
      const replicaUrl = new URL(primary.databaseUrl(name));
      replicaUrl.port = String(postgres.port);
      return replicaUrl.href;
    },
    async [Symbol.asyncDispose]() {
      await postgres[Symbol.asyncDispose]();
      rmSync(dataDirectory, { recursive: true, force: true });
    },
  };
}

function makeDirectory(name: string): string {
  const directory = realpathSync(mkdtempSync(join(tmpdir(), `rollcall-${name}-`)));
  // Lets the server's user through where root made the directory for root alone.
  chmodSync(directory, 0o711);
  return directory;
}

// The file gets the owner of the rest of the cluster.
function writeAs(data: string, name: string, text: string): void {
  const path = join(data, name);
  writeFileSync(path, text);
  execFileSync('chown', ['--reference', join(data, 'PG_VERSION'), path]);
}
