import type { EmbeddedPostgres } from '@rollcall/local';
import { seedCrowd } from './crowd.ts';
import { seedCrowdBookings } from './crowd-bookings.ts';
import { lazily } from './lazily.ts';
import { adminUrlOf, makeDatabase } from './make-database.ts';
import { type BookingSeed, indexNames, seedBookings, seedUsers, TENANT_ID } from './seed.ts';
import { type AuthProcess, startAuth } from './start-auth.ts';
import { startPostgres } from './start-postgres.ts';
import { userIds } from './user-id.ts';

/**
 * What cases measure against: a real Postgres and real service processes, each started when a case first asks for it and
 * shared by those that come after. Disposing of it ends all of them.
 */
export interface World extends AsyncDisposable {
  readonly tenantId: string;
  postgres(): Promise<EmbeddedPostgres>;
  /** The auth service that cases share; none of them may end it. */
  auth(): Promise<AuthProcess>;
  /** An auth service for one case alone, on the same database, with these settings besides. Whoever asks for it disposes of it. */
  startAuth(env?: Readonly<Record<string, string>>): Promise<AuthProcess>;
  /** A Postgres of its own that waits for the disk at each commit. */
  durable(): Promise<EmbeddedPostgres>;
  /** URL of an empty database of that Postgres, made once, for a peer. */
  emptyDatabase(name: string): Promise<string>;
  /** The same Postgres, with the first `count` users of the tenant. */
  durableUsers(
    count: number,
  ): Promise<{ readonly postgres: EmbeddedPostgres; readonly ids: readonly string[] }>;
  /** Ids of the first `count` users of the tenant, who exist from then on. */
  users(count: number): Promise<readonly string[]>;
  /** Makes the names of the first `count` users known to search, as the service has them; for users that are renamed. */
  names(count: number): Promise<void>;
  /** The first `count` of a crowd with names of many cultures exist from then on, in a tenant of their own. */
  crowd(count: number): Promise<void>;
  /** The first `count` of the crowd have a booking each, and a table of local users stands beside them. */
  crowdBookings(count: number): Promise<void>;
  /** URL of the booking database for a peer, who may do anything there. */
  bookingAdminUrl(): Promise<string>;
  /** URL of the booking database with bookings and a local table of users, filled once. */
  bookings(seed: BookingSeed): Promise<string>;
}

/** Makes a world in which nothing has been started. `say`: told what takes its time. */
export function createWorld(say: (line: string) => void): World {
  const stack = new AsyncDisposableStack();
  const postgres = lazily(async () => {
    say('starting Postgres ...');
    return stack.use(await startPostgres());
  });
  const start = async (env?: Readonly<Record<string, string>>) =>
    startAuth((await postgres()).databaseUrl('auth'), env);
  const durable = lazily(async () => {
    say('starting a Postgres that waits for the disk ...');
    return stack.use(await startPostgres({ durable: true }));
  });
  let seeded = 0;
  let named = 0;
  let crowd = 0;
  let crowdBookings = 0;
  let durableCount = 0;
  let isBooked = false;
  return {
    tenantId: TENANT_ID,
    postgres,
    auth: lazily(async () => stack.use(await start())),
    startAuth: start,
    durable,
    emptyDatabase: async (name) => makeDatabase(await durable(), name),
    async durableUsers(count) {
      const server = await durable();
      if (durableCount < count) {
        await seedUsers(server, durableCount + 1, count);
        await indexNames(server, durableCount + 1, count);
        durableCount = count;
      }
      return { postgres: server, ids: userIds(1, count) };
    },
    async users(count) {
      if (count > seeded) {
        say(`writing users ${seeded + 1} to ${count} ...`);
        await seedUsers(await postgres(), seeded + 1, count);
        seeded = count;
      }
      return userIds(1, count);
    },
    async names(count) {
      if (count > named) await indexNames(await postgres(), named + 1, count);
      named = Math.max(named, count);
    },
    async crowd(count) {
      if (count <= crowd) return;
      say(`writing ${count} users with names of many cultures ...`);
      await seedCrowd(await postgres(), count);
      crowd = count;
    },
    async crowdBookings(count) {
      await this.crowd(count);
      if (crowdBookings >= count) return;
      say(`writing ${count} bookings of the crowd ...`);
      await seedCrowdBookings(await postgres(), count);
      crowdBookings = count;
    },
    bookingAdminUrl: async () => adminUrlOf(await postgres(), 'booking'),
    async bookings(seed) {
      if (!isBooked) {
        say(`writing ${seed.bookings} bookings ...`);
        await seedBookings(await postgres(), seed);
        isBooked = true;
      }
      return (await postgres()).databaseUrl('booking');
    },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}
