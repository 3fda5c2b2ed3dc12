import type { EmbeddedPostgres } from '@rollcall/local';
import { type BookingSeed, indexNames, seedBookings, seedUsers, TENANT_ID, userIds } from './seed.ts';
import { seedSearchBookings, seedSearchUsers } from './seed-search.ts';
import { adminUrlOf, makeDatabase, startPostgres } from './start-postgres.ts';
import { type ServiceProcess, startAuth } from './start-services.ts';

/**
 * The Postgres servers and service processes that cases measure. Each starts at its first use, and later
 * cases share it. Disposing stops all of them.
 */
export interface World extends AsyncDisposable {
  readonly tenantId: string;
  /** The Postgres that cases share. */
  postgres(): Promise<EmbeddedPostgres>;
  /** The auth service that cases share. No case may end it. */
  auth(): Promise<ServiceProcess>;
  /**
   * Starts an auth service for one case, on the shared database. The case disposes of it.
   * @param env further settings
   */
  startAuth(env?: Readonly<Record<string, string>>): Promise<ServiceProcess>;
  /** A second Postgres, which waits for the disk at each commit. */
  durable(): Promise<EmbeddedPostgres>;
  /** URL of an empty database in the durable Postgres, created once for a peer. */
  emptyDatabase(name: string): Promise<string>;
  /** The durable Postgres with the first `count` users of the tenant. */
  durableUsers(
    count: number,
  ): Promise<{ readonly postgres: EmbeddedPostgres; readonly ids: readonly string[] }>;
  /** Writes the first `count` users of the tenant and returns their ids. */
  users(count: number): Promise<readonly string[]>;
  /** Writes the search index of the first `count` users, for cases that rename users. */
  names(count: number): Promise<void>;
  /** Writes `count` users with names of many cultures into a separate tenant. */
  searchUsers(count: number): Promise<void>;
  /** Writes one booking for each of those users, and a local users table beside them. */
  searchBookings(count: number): Promise<void>;
  /** Superuser URL of the booking database, for a peer. */
  bookingAdminUrl(): Promise<string>;
  /** URL of the booking database with bookings and a local users table, written once. */
  bookings(seed: BookingSeed): Promise<string>;
}

/** Creates a world in which nothing runs yet. @param say receives a line before each slow step */
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
  let searchUsers = 0;
  let searchBookings = 0;
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
    async searchUsers(count) {
      if (count <= searchUsers) return;
      say(`writing ${count} users with names of many cultures ...`);
      await seedSearchUsers(await postgres(), count);
      searchUsers = count;
    },
    async searchBookings(count) {
      await this.searchUsers(count);
      if (searchBookings >= count) return;
      say(`writing ${count} bookings of those users ...`);
      await seedSearchBookings(await postgres(), count);
      searchBookings = count;
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

/** Calls `make` once, at the first call. Later calls get its result, also when it failed. */
function lazily<Made>(make: () => Promise<Made>): () => Promise<Made> {
  let made: Promise<Made> | undefined;
  return () => {
    made ??= make();
    return made;
  };
}
