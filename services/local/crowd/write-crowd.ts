import { StartupError } from '@rollcall/runtime';
import type { Keyring } from '@rollcall/runtime/sealing';
import { Client } from 'pg';
import { type CopyValue, copyIn } from './copy-in.ts';
import { type CrowdUser, crowdUser, crowdUserId } from './crowd-user.ts';

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
  const users: CrowdUser[] = [];
  for (let n = first; n <= last; n++) {
    if (!found.has(crowdUserId(n))) users.push(crowdUser(n));
  }
  if (users.length === 0) return found.size;
  const seal = sealFor(keyring, tenantId);
  await client.query('begin');
  await copyIn(
    client,
    `users (${USER_COLUMNS})`,
    users.values().map((user) => userRow(user, tenantId, seal(user))),
  );
  await copyIn(
    client,
    'user_profiles (tenant_id, user_id, profile)',
    users
      .values()
      .filter(({ profile }) => profile)
      .map(({ id, profile }) => [tenantId, id, JSON.stringify(profile)]),
  );
  await copyIn(
    client,
    'user_tags (tenant_id, user_id, tag, position)',
    users.values().flatMap(({ id, tags }) => tags.map((tag, i) => [tenantId, id, tag, i + 1])),
  );
  await copyIn(
    client,
    `user_statistics (tenant_id, user_id, source, revision, total_bookings, total_spent, first_booking_time,
      last_booking_time, last_activity_time, average_rating, total_reviews)`,
    users
      .values()
      .flatMap(({ id, createTime, lastActivityTime, totalBookings }) =>
        lastActivityTime
          ? [
              [
                tenantId,
                id,
                'sample',
                1,
                totalBookings,
                '[]',
                createTime,
                lastActivityTime,
                lastActivityTime,
                0,
                0,
              ],
            ]
          : [],
      ),
  );
  await copyIn(
    client,
    'user_changes (tenant_id, user_id, version, kind)',
    users.values().map(({ id }) => [tenantId, id, 1, 'CREATED']),
  );
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

const USER_COLUMNS = `tenant_id, id, version, state, role, first_name, last_name, display_name, business_name,
  average_rating, total_reviews, create_time, update_time, delete_time, last_activity_time,
  email_sealed, email_key, email_base_key, phone_sealed, phone_key`;

function userRow(user: CrowdUser, tenantId: string, contact: readonly CopyValue[]): CopyValue[] {
  return [
    tenantId,
    user.id,
    1,
    user.state,
    user.role,
    user.firstName,
    user.lastName,
    user.displayName,
    user.businessName,
    user.averageRating,
    user.totalReviews,
    user.createTime,
    user.updateTime,
    user.deleteTime,
    user.lastActivityTime,
    ...contact,
  ];
}

// As the auth service seals; it finds these users by address and number, or this was done wrong.
function sealFor(keyring: Keyring, tenantId: string) {
  const place = (column: string) => ({ tenantId, table: 'users', column });
  return ({ id, email, phone }: CrowdUser): CopyValue[] => [
    keyring.seal(email, { ...place('email_sealed'), rowId: id }),
    keyring.blindIndex(email.toLowerCase(), place('email_key')),
    keyring.blindIndex(email.toLowerCase().replace(/\+[^@]*/, ''), place('email_base_key')),
    keyring.seal(phone, { ...place('phone_sealed'), rowId: id }),
    keyring.blindIndex(phone.replace(/\D/g, ''), place('phone_key')),
  ];
}
