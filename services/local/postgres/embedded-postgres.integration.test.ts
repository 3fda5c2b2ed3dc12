import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { query } from '@rollcall/runtime/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SERVICES } from '../settings.ts';
import { removePostgresHome } from './placement.ts';
import { startEmbeddedPostgres } from './start-embedded-postgres.ts';

const HOLDER = fileURLToPath(new URL('../testing/hold-postgres.ts', import.meta.url));
const asRoot = process.geteuid?.() === 0;

interface Held {
  launcher: ChildProcess;
  port: number;
  adminUrl: string;
  location: string;
  urls: { auth: string; booking: string };
}

describe('an embedded Postgres', { timeout: 30_000 }, () => {
  let dataDirectory = '';
  let launchers: ChildProcess[] = [];

  beforeEach(() => {
    dataDirectory = realpathSync(mkdtempSync(join(tmpdir(), 'rollcall-postgres-')));
    chmodSync(dataDirectory, 0o711);
    launchers = [];
  });

  afterEach(async () => {
    await Promise.all(launchers.map((launcher) => end(launcher, 'SIGTERM')));
    removePostgresHome(dataDirectory);
    rmSync(dataDirectory, { recursive: true, force: true });
  });

  it('keeps its data, its secret and its version from one start to the next', async () => {
    const first = await startEmbeddedPostgres({
      dataDirectory,
      port: 0,
      durable: false,
      databases: ['auth'],
    });
    expect(first.version).toMatch(/^18\./);
    await query(first.ownerUrl('auth'), 'create table note as select 42 as answer');
    await first[Symbol.asyncDispose]();
    expect(await first.ended).toBe('exit code 0');

    await using second = await startEmbeddedPostgres({
      dataDirectory,
      port: 0,
      databases: ['auth', 'booking'],
    });
    expect(await query(second.ownerUrl('auth'), 'select answer from note')).toEqual([{ answer: 42 }]);
    expect(statSync(join(dataDirectory, 'postgres-secret')).mode & 0o077).toBe(0);
  });

  it('leaves a database of another version of PostgreSQL as it is, and says what to do', async () => {
    const options = { dataDirectory, port: 0, durable: false };
    const first = await startEmbeddedPostgres(options);
    await first[Symbol.asyncDispose]();
    const file = join(first.location, 'PG_VERSION');
    writeFileSync(file, '17\n');
    await expect(startEmbeddedPostgres(options)).rejects.toThrow(
      `The database in ${first.location} was made by PostgreSQL 17, which PostgreSQL 18 of this Rollcall cannot read: start the Rollcall that made it, begin anew with "npm start -- --reset", or set ROLLCALL_DATA_DIR to another directory`,
    );
    writeFileSync(file, '18\n');
    await using _again = await startEmbeddedPostgres(options);
  });

  it('makes the databases of services that came later, beside those that are there', async () => {
    const options = { dataDirectory, port: 0, durable: false };
    const before = await startEmbeddedPostgres({ ...options, databases: ['auth', 'booking'] });
    await query(before.databaseUrl('booking'), 'create table note as select 42 as answer');
    await before[Symbol.asyncDispose]();
    await using after = await startEmbeddedPostgres({ ...options, databases: SERVICES });
    expect(await query(after.databaseUrl('booking'), 'select answer from note')).toEqual([{ answer: 42 }]);
    for (const service of SERVICES) {
      const [row] = await query(after.databaseUrl(service), 'select current_database()::text as name');
      expect(row).toEqual({ name: service });
    }
  });

  it('hands a database that its service owned until now over to the role that should own it', async () => {
    const options = { dataDirectory, port: 0, durable: false, databases: ['auth'] };
    const before = await startEmbeddedPostgres(options);
    const inside = new URL(before.adminUrl);
    inside.pathname = '/auth';
    await query(before.ownerUrl('auth'), 'create table note as select 42 as answer');
    await query(inside.href, 'reassign owned by auth_owner to auth');
    await query(inside.href, 'revoke all on database auth from public, auth_owner');
    await before[Symbol.asyncDispose]();
    await using after = await startEmbeddedPostgres(options);
    expect(await query(after.ownerUrl('auth'), 'select answer from note')).toEqual([{ answer: 42 }]);
    await expect(query(after.databaseUrl('auth'), 'drop table note')).rejects.toThrow('must be owner');
  });

  it('lets no service into the database of another, nobody in without a password, and writes no password to its log', async () => {
    await using postgres = await startEmbeddedPostgres({
      dataDirectory,
      port: 0,
      databases: ['auth', 'booking'],
    });
    const strange = new URL(postgres.databaseUrl('auth'));
    strange.pathname = '/booking';
    await expect(query(strange.href, 'select 1')).rejects.toThrow('permission denied for database "booking"');
    strange.pathname = '/postgres';
    await expect(query(strange.href, 'select 1')).rejects.toThrow(
      'permission denied for database "postgres"',
    );
    strange.password = 'wrong';
    await expect(query(strange.href, 'select 1')).rejects.toThrow('password authentication failed');
    await expect(query(postgres.databaseUrl('auth'), 'create role intruder')).rejects.toThrow(
      'permission denied',
    );

    const log = readFileSync(join(dataDirectory, 'logs/postgres.log'), 'utf8');
    expect(log).toContain('password authentication failed');
    for (const name of ['auth', 'booking', 'postgres']) {
      expect(log).not.toContain(new URL(postgres.databaseUrl(name)).password);
    }
  });

  it('repeats in its log neither a statement that failed nor the row that it was about', async () => {
    await using postgres = await startEmbeddedPostgres({ dataDirectory, port: 0, databases: ['auth'] });
    const url = postgres.ownerUrl('auth');
    await query(url, 'create table mail (address text primary key)');
    const insert = `insert into mail values ('ada@example.com')`;
    await query(url, insert);
    await expect(query(url, insert)).rejects.toThrow('duplicate key');
    const log = readFileSync(join(dataDirectory, 'logs/postgres.log'), 'utf8');
    expect(log).toContain('duplicate key');
    expect(log).not.toContain('ada@example.com');
    expect(log).not.toContain('insert into');
  });

  it('tells the signal that ended it', async () => {
    const postgres = await startEmbeddedPostgres({ dataDirectory, port: 0, durable: false });
    process.kill(postmasterPid(postgres.location), 'SIGKILL');
    expect(await postgres.ended).toBe('signal SIGKILL');
  });

  it('shuts down by itself when its launcher is killed, and a start right after that waits for it', async () => {
    const held = await hold();
    await query(held.urls.auth, 'create table note as select 42 as answer');
    await end(held.launcher, 'SIGKILL');
    const next = await hold();
    expect(await query(next.urls.auth, 'select answer from note')).toEqual([{ answer: 42 }]);
    const log = readFileSync(join(dataDirectory, 'logs/postgres.log'), 'utf8');
    expect(log).toContain('received fast shutdown request');
    expect(log).not.toContain('automatic recovery in progress');
  });

  it('recovers what was committed after the postmaster was killed', async () => {
    const held = await hold();
    await query(held.urls.auth, 'create table note as select 42 as answer');
    process.kill(postmasterPid(held.location), 'SIGKILL');
    await once(held.launcher, 'exit');
    const next = await hold();
    expect(await query(next.urls.auth, 'select answer from note')).toEqual([{ answer: 42 }]);
    expect(readFileSync(join(dataDirectory, 'logs/postgres.log'), 'utf8')).toContain(
      'automatic recovery in progress',
    );
  });

  it('refuses in one line while another runs on the same data, and leaves that one alone', async () => {
    const held = await hold();
    const pid = postmasterPid(held.location);
    const start = startEmbeddedPostgres({ dataDirectory, port: 0, durable: false });
    await expect(start).rejects.toThrow(
      `Postgres (process ${pid}) still runs on ${held.location}: stop the Rollcall`,
    );
    expect(await query(held.urls.auth, 'select 1 as one')).toEqual([{ one: 1 }]);
  });

  it('names the variable and the cure when its port is in use', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    const port = typeof address === 'object' && address ? address.port : 0;
    const start = startEmbeddedPostgres({ dataDirectory, port, durable: false });
    await expect(start).rejects.toThrow(
      `Port ${port} is in use: stop who holds it, or set POSTGRES_PORT to another.`,
    );
    server.close();
  });

  it('gives the reason that Postgres gave when it cannot start', async () => {
    const settings = { shared_buffers: 'plenty' };
    const start = startEmbeddedPostgres({ dataDirectory, port: 0, durable: false, settings });
    await expect(start).rejects.toThrow(/^Postgres did not start: .*shared_buffers.*logs\/postgres\.log\.$/);
  });

  it('begins again where an earlier start was killed while it made the database', async () => {
    const launcher = launch();
    const made = (name: string) => existsSync(join(dataDirectory, 'postgres', name));
    while (!existsSync(join(dataDirectory, 'postgres')) || !drafts().length) await sleep(1);
    await end(launcher, 'SIGKILL');
    expect(made('data')).toBe(false);
    await using postgres = await startEmbeddedPostgres({
      dataDirectory,
      port: 0,
      durable: false,
      databases: ['auth'],
    });
    expect(await query(postgres.databaseUrl('auth'), 'select 1 as one')).toEqual([{ one: 1 }]);
    expect(drafts()).toEqual([]);
  });

  it('lives where its user may enter: outside a directory that only root may, inside one of an ordinary user', async () => {
    chmodSync(dataDirectory, 0o700);
    const inner = join(dataDirectory, 'inner');
    mkdirSync(inner);
    const options = { dataDirectory: inner, port: 0, durable: false, databases: ['auth'] };
    const first = await startEmbeddedPostgres(options);
    expect(first.location.startsWith(asRoot ? '/var/lib/rollcall/' : inner)).toBe(true);
    expect(first.notes.join().includes(`may not enter ${inner}`)).toBe(asRoot);
    await query(first.ownerUrl('auth'), 'create table note as select 42 as answer');
    await first[Symbol.asyncDispose]();

    const second = await startEmbeddedPostgres(options);
    expect(await query(second.ownerUrl('auth'), 'select answer from note')).toEqual([{ answer: 42 }]);
    await second[Symbol.asyncDispose]();
    removePostgresHome(inner);
    expect(existsSync(first.location)).toBe(false);
  });

  function drafts(): string[] {
    const home = join(dataDirectory, 'postgres');
    return existsSync(home) ? readdirSync(home).filter((name) => name.startsWith('draft-')) : [];
  }

  function launch(): ChildProcess {
    const launcher = spawn(process.execPath, [HOLDER, dataDirectory], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    launchers.push(launcher);
    return launcher;
  }

  async function hold(): Promise<Held> {
    const launcher = launch();
    if (!launcher.stdout) throw new Error('no output');
    const output = await Promise.race([
      once(createInterface(launcher.stdout), 'line'),
      once(launcher, 'exit'),
    ]);
    expect(output[0], 'the first line of the launcher').toEqual(expect.any(String));
    return { launcher, ...JSON.parse(output[0]) };
  }
});

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = once(child, 'exit');
  child.kill(signal);
  await exit;
}

function postmasterPid(location: string): number {
  return Number(readFileSync(join(location, 'postmaster.pid'), 'utf8').split('\n')[0]);
}
