import { chmodSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isProcessAlive } from '@rollcall/runtime';
import { query } from '@rollcall/runtime/testing';
import { Client } from 'pg';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { removePostgresHome } from './placement.ts';
import { type SupervisedPostgres, supervisePostgres } from './supervise-postgres.ts';

/** Longer than a busy machine needs for an answer. */
const SOON = { everyMs: 50, timeoutMs: 1000, misses: 3, silentMs: 1500 };
const AGAIN = 'Starting it again in 0.25 s.';
const READY = 'Postgres is ready again.';

describe('a supervised Postgres', { timeout: 60_000 }, () => {
  let dataDirectory = '';
  let said: string[];

  beforeEach(() => {
    dataDirectory = realpathSync(mkdtempSync(join(tmpdir(), 'rollcall-postgres-')));
    chmodSync(dataDirectory, 0o711);
    said = [];
  });

  afterEach(() => {
    removePostgresHome(dataDirectory);
    rmSync(dataDirectory, { recursive: true, force: true });
  });

  function start(): Promise<SupervisedPostgres> {
    // A killed process loses nothing that it had handed to the system.
    const settings = { synchronous_commit: 'on', full_page_writes: 'on' };
    const options = { dataDirectory, port: 0, databases: ['auth'], durable: false, settings };
    return supervisePostgres(options, { say: (line) => said.push(line), hang: SOON });
  }

  it('B12: is started again on the same port after the postmaster was killed, and keeps what was committed', async () => {
    await using postgres = await start();
    const url = postgres.ownerUrl('auth');
    await query(url, 'create table note as select 42 as answer');
    const before = performance.now();
    expect(postgres.wasAwaySince(before)).toBe(false);
    process.kill(postmasterPid(postgres.location), 'SIGKILL');
    await until(() => said.length === 2);
    expect(said).toEqual([`Postgres ended (signal SIGKILL). ${AGAIN}`, READY]);
    await postgres.up();
    expect(await query(url, 'select answer from note')).toEqual([{ answer: 42 }]);
    expect([postgres.wasAwaySince(before), postgres.wasAwaySince(performance.now())]).toEqual([true, false]);
  });

  it('B12: is started again although a backend of the killed postmaster works on, and ends that one', async () => {
    await using postgres = await start();
    const client = new Client({ connectionString: postgres.databaseUrl('auth') });
    client.on('error', () => {});
    await client.connect();
    const { rows } = await client.query('select pg_backend_pid() as pid');
    // Waits for nothing, and so does not notice that the postmaster is gone.
    const busy = client.query('select count(*) from generate_series(1, 100000000000)').catch(() => {});
    process.kill(postmasterPid(postgres.location), 'SIGKILL');
    await until(() => said.includes(READY));
    await busy;
    await until(() => !isProcessAlive(rows[0].pid));
    expect(await query(postgres.databaseUrl('auth'), 'select 1 as one')).toEqual([{ one: 1 }]);
  });

  it('B5: is killed and started again when it hangs', async () => {
    await using postgres = await start();
    process.kill(postmasterPid(postgres.location), 'SIGSTOP');
    await until(() => said.includes(READY));
    expect(said).toEqual([`Postgres did not answer any more and was killed. ${AGAIN}`, READY]);
    expect(await query(postgres.databaseUrl('auth'), 'select 1 as one')).toEqual([{ one: 1 }]);
  });

  it('B12: is tried again, with growing pauses and the reason, as long as it does not start', async () => {
    await using postgres = await start();
    const secret = join(dataDirectory, 'postgres-secret');
    const text = readFileSync(secret);
    rmSync(secret);
    process.kill(postmasterPid(postgres.location), 'SIGKILL');
    await until(() => said.length === 3);
    expect(said[1]).toMatch(/^.*postgres-secret is missing.* Starting it again in 0\.5 s\.$/);
    expect(said[2]).toMatch(/Starting it again in 1 s\.$/);
    writeFileSync(secret, text, { mode: 0o600 });
    await until(() => said.includes(READY));
    expect(await query(postgres.databaseUrl('auth'), 'select 1 as one')).toEqual([{ one: 1 }]);
  });

  it('can be disposed of while it waits to be started again', async () => {
    {
      await using postgres = await start();
      process.kill(postmasterPid(postgres.location), 'SIGKILL');
      await until(() => said.length === 1);
    }
    expect(said).toHaveLength(1);
  });
});

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await sleep(10);
}

function postmasterPid(location: string): number {
  return Number(readFileSync(join(location, 'postmaster.pid'), 'utf8').split('\n')[0]);
}
