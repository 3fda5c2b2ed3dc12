import { StartupError } from '@rollcall/runtime';
import type { Keyring } from '@rollcall/runtime/sealing';
import { Client } from 'pg';
import { copyIn } from './copy-in.ts';
import { addRowsBeside, BESIDE_USERS, noRows, type Row, USERS, userRowMaker } from './crowd-rows.ts';
import { crowdUser, crowdUserId } from './crowd-user.ts';

/** Users of one transaction: long enough to be fast, short enough that the change feed waits little for it. */
const BATCH_USERS = 25_000;
/** Two keep two cores busy while this process makes the next batch. */
const CONNECTIONS = 2;

/** What to write, and where. */
export interface CrowdOptions {
  /** The auth service's database, as its owner. */
  readonly databaseUrl: string;
  readonly keyring: Keyring;
  readonly tenantId: string;
  readonly users: number;
  /** Told how many are done, batch by batch. */
  onProgress?(done: number): void;
}

/** What came of it. */
export interface CrowdResult {
  readonly written: number;
  /** Those that an earlier run had written. */
  readonly found: number;
}

/**
 * Writes the first so many of a crowd, with the changes that the feed tells of each. Batches that are there are left
 * alone, so that a run that was interrupted can be run again. Rejects with the database's error, or with a StartupError
 * where another run writes into the tenant.
 */
export async function writeCrowd(options: CrowdOptions): Promise<CrowdResult> {
  await using holder = await connect(options.databaseUrl);
  await holdTenant(holder.client, options.tenantId);
  let next = 1;
  let found = 0;
  let done = 0;
  const work = async () => {
    await using writer = await connect(options.databaseUrl);
    try {
      while (next <= options.users) {
        const first = next;
        next += BATCH_USERS;
        const last = Math.min(first + BATCH_USERS - 1, options.users);
        // Not `found += await …`, which would add to what it was before the other worker was done.
        const were = await writeBatch(writer.client, options, { first, last });
        found += were;
        done += last - first + 1;
        options.onProgress?.(done);
      }
    } catch (error) {
      next = Number.POSITIVE_INFINITY;
      throw error;
    }
  };
  const ends = await Promise.allSettled(Array.from({ length: CONNECTIONS }, work));
  for (const end of ends) if (end.status === 'rejected') throw end.reason;
  // Else lists and searches are planned for the few users of before, until autovacuum comes by.
  if (done > found) await holder.client.query('analyze users, user_tags, user_words, name_parts');
  return { written: done - found, found };
}

async function connect(connectionString: string): Promise<{ client: Client } & AsyncDisposable> {
  const client = new Client({ connectionString });
  // A connection that breaks fails the query that waits for it, which is where it is told.
  client.on('error', () => undefined);
  await client.connect();
  // A batch takes as long as it takes, whatever the database says of other sessions.
  await client.query('set statement_timeout = 0');
  return { client, [Symbol.asyncDispose]: () => client.end() };
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
  { tenantId, keyring }: CrowdOptions,
  { first, last }: { first: number; last: number },
): Promise<number> {
  const found = await alreadyWritten(client, tenantId, { first, last });
  if (found.size > last - first) return found.size;
  const toRow = userRowMaker(keyring, tenantId);
  const beside = noRows();
  // Each is made once and let go: what stays of it until its turn is a fraction of all.
  function* userRows(): Generator<Row> {
    for (let n = first; n <= last; n++) {
      if (found.has(crowdUserId(n))) continue;
      const user = crowdUser(n);
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
    [tenantId, crowdUserId(first), crowdUserId(last)],
  );
  return new Set(rows.map(({ id }) => id));
}
