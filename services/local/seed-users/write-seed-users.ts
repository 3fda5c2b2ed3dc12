import { setTimeout as sleep } from 'node:timers/promises';
import { StartupError } from '@rollcall/runtime';
import { isDatabaseDown } from '@rollcall/runtime/postgres';
import type { Keyring } from '@rollcall/runtime/sealing';
import { Client } from 'pg';
import { copyIn } from './copy-in.ts';
import { addRowsBeside, BESIDE_USERS, noRows, type Row, USERS, userRowMaker } from './seed-rows.ts';
import { seedUser, seedUserId } from './seed-user.ts';

/**
 * Users of one transaction: long enough to be fast, short enough that the change feed waits little for it.
 */
const BATCH_USERS = 25_000;
/** Two keep two cores busy while this process makes the next batch. */
const CONNECTIONS = 2;
/**
 * How long nothing may be written during an outage, in milliseconds: a killed database is back sooner. Our
 * own choice.
 */
const MAX_OUTAGE_MS = 120_000;
const RETRY_MS = 500;

/** Options of `writeSeedUsers`. */
export interface SeedOptions {
  /** The auth service's database, as its owner. */
  readonly databaseUrl: string;
  readonly keyring: Keyring;
  readonly tenantId: string;
  readonly users: number;
  /** Called with the number of written users, after each batch. */
  onProgress?(done: number): void;
  /** Called once for each outage, with the reason. */
  onWait?(reason: string): void;
}

/** Result of `writeSeedUsers`. */
export interface SeedResult {
  readonly written: number;
  /** Users of an earlier run. */
  readonly found: number;
}

/**
 * Writes the first `users` seed users, with their changes for the feed. Existing batches are skipped, so that
 * an interrupted run can be repeated. It waits for an unavailable database, at most two minutes without
 * progress.
 * @throws StartupError when another run writes into the tenant; else the database's error
 */
export async function writeSeedUsers(options: SeedOptions): Promise<SeedResult> {
  const run: Run = { todo: firstsOf(options.users), done: 0, found: 0, progressAtMs: performance.now() };
  for (let isWaiting = false; ; ) {
    const { done } = run;
    try {
      await writeRest(options, run);
      return { written: run.done - run.found, found: run.found };
    } catch (error) {
      const isLate = performance.now() - run.progressAtMs > MAX_OUTAGE_MS;
      if (!isDatabaseDown(error) || isLate) throw error;
      if (!isWaiting || run.done > done) options.onWait?.((error as Error).message);
      isWaiting = true;
      await sleep(RETRY_MS);
    }
  }
}

/** Progress of a run. */
interface Run {
  /** The first of each batch that is not written. */
  readonly todo: number[];
  done: number;
  found: number;
  progressAtMs: number;
}

function firstsOf(users: number): number[] {
  return Array.from({ length: Math.ceil(users / BATCH_USERS) }, (_, at) => 1 + at * BATCH_USERS);
}

async function writeRest(options: SeedOptions, run: Run): Promise<void> {
  await using holder = await connect(options.databaseUrl);
  await holdTenant(holder.client, options.tenantId);
  let hasFailed = false;
  const take = () => (hasFailed ? undefined : run.todo.shift());
  const work = async () => {
    await using writer = await connect(options.databaseUrl);
    for (let first = take(); first !== undefined; first = take()) {
      const last = Math.min(first + BATCH_USERS - 1, options.users);
      try {
        // Not `found += await …`, which would add to what it was before the other worker was done.
        const were = await writeBatch(writer.client, options, { first, last });
        run.found += were;
      } catch (error) {
        hasFailed = true;
        run.todo.unshift(first);
        // The connection may have broken before the statement, which then says nothing of why.
        throw writer.broken() ?? error;
      }
      run.done += last - first + 1;
      run.progressAtMs = performance.now();
      options.onProgress?.(run.done);
    }
  };
  const ends = await Promise.allSettled(Array.from({ length: CONNECTIONS }, work));
  for (const end of ends) if (end.status === 'rejected') throw end.reason;
  // Else lists and searches are planned for the few users of before, until autovacuum comes by.
  if (run.done > run.found) await holder.client.query('analyze users, user_tags, user_words, name_parts');
}

interface Connection extends AsyncDisposable {
  readonly client: Client;
  /** The error that ended it. */
  readonly broken: () => Error | undefined;
}

async function connect(connectionString: string): Promise<Connection> {
  const client = new Client({ connectionString });
  let broken: Error | undefined;
  client.on('error', (error) => {
    broken ??= error;
  });
  await client.connect();
  // A batch takes as long as it takes, whatever the database says of other sessions.
  await client.query('set statement_timeout = 0');
  // A connection that is broken already has no end of its own.
  return { client, broken: () => broken, [Symbol.asyncDispose]: () => client.end().catch(() => {}) };
}

/** Held until the connection ends, however that ends. */
async function holdTenant(client: Client, tenantId: string): Promise<void> {
  const { rows } = await client.query<{ held: boolean }>(
    `select pg_try_advisory_lock(hashtextextended('rollcall crowd ' || $1, 0)) as held`,
    [tenantId],
  );
  if (rows[0]?.held) return;
  throw new StartupError(
    `Another "npm run sample" writes into tenant ${tenantId}: wait for it, or name another tenant`,
  );
}

/** @returns how many were there already */
async function writeBatch(
  client: Client,
  { tenantId, keyring }: SeedOptions,
  { first, last }: { first: number; last: number },
): Promise<number> {
  const found = await alreadyWritten(client, tenantId, { first, last });
  if (found.size > last - first) return found.size;
  const toRow = userRowMaker(keyring, tenantId);
  const beside = noRows();
  // Users are generated one by one, so that few are in memory.
  function* userRows(): Generator<Row> {
    for (let n = first; n <= last; n++) {
      if (found.has(seedUserId(n))) continue;
      const user = seedUser(n);
      addRowsBeside(beside, tenantId, user);
      yield toRow(user);
    }
  }
  await client.query('begin');
  await copyIn(client, USERS, userRows());
  await copyIn(client, BESIDE_USERS.profiles, beside.profiles);
  await copyIn(client, BESIDE_USERS.tags, beside.tags);
  await copyIn(client, BESIDE_USERS.statistics, beside.statistics);
  await copyIn(client, BESIDE_USERS.changes, beside.changes);
  await client.query('commit');
  return found.size;
}

async function alreadyWritten(
  client: Client,
  tenantId: string,
  { first, last }: { first: number; last: number },
): Promise<ReadonlySet<string>> {
  const { rows } = await client.query<{ id: string }>(
    'select id from users where tenant_id = $1 and id between $2 and $3',
    [tenantId, seedUserId(first), seedUserId(last)],
  );
  return new Set(rows.map(({ id }) => id));
}
