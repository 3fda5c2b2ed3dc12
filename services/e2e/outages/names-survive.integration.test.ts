import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createBookingClient } from '@rollcall/booking-client';
import { type Booking, BookingUserOutcomeSchema } from '@rollcall/contract/booking';
import { freshTenant, seedUser } from '@rollcall/contract/testing';
import { createTestDatabase, query } from '@rollcall/runtime/testing';
import { createUserAdminClient } from '@rollcall/user-client/admin';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ServiceProcess, startService } from '../testing/process.ts';

const DATES = { startDate: '2026-05-01', endDate: '2026-05-03' };

const stack = new AsyncDisposableStack();
let urls: { auth: string; booking: string };
let snapshotPath: string;

beforeAll(async () => {
  const [auth, booking] = [
    stack.use(await createTestDatabase('auth')),
    stack.use(await createTestDatabase('booking')),
  ];
  urls = { auth: auth.url, booking: booking.url };
  const folder = await mkdtemp(join(tmpdir(), 'rollcall-names-'));
  stack.defer(() => rm(folder, { recursive: true }));
  snapshotPath = join(folder, 'booking', 'users.snapshot');
});

afterAll(() => stack.disposeAsync());

describe('a page of bookings keeps its names through a restart of everything but Postgres', () => {
  it.each(['SIGTERM', 'SIGKILL'] as const)('by %s', { timeout: 60_000 }, async (signal) => {
    await using processes = new AsyncDisposableStack();
    const auth = processes.use(await startService('auth', { AUTH_DATABASE_URL: urls.auth }));
    const address = `127.0.0.1:${auth.grpcPort}`;
    using admin = createUserAdminClient({ address });
    const tenantId = freshTenant();
    const known = await seedUser({ admin }, tenantId, { firstName: 'Known' });
    const stranger = await seedUser({ admin }, tenantId, { firstName: 'Stranger' });
    const start = async (path = snapshotPath) =>
      processes.use(
        await startService('booking', {
          BOOKING_DATABASE_URL: urls.booking,
          AUTH_ADDRESS: address,
          BOOKING_USERS_SNAPSHOT_PATH: path,
        }),
      );

    const first = await start();
    await book(first, tenantId, known.id);
    // An activity reported by booking changes the user, after which a page reads it again.
    await expect.poll(() => isUpToDate(first, tenantId), { timeout: 15_000 }).toBe(true);
    expect(await page(first, tenantId)).toEqual(['FOUND Known']);
    // The end writes a snapshot. A process that is killed writes none, and the one of its predecessor is
    // still there.
    let last = first;
    if (signal === 'SIGKILL') {
      await first.kill('SIGTERM');
      last = await start();
      expect(await page(last, tenantId)).toEqual(['FOUND Known']);
    }
    // A user that another process read is not cached here.
    const other = await start('');
    await book(other, tenantId, stranger.id);
    for (const each of [other, last, auth]) await each.kill(signal);
    expect((await stat(snapshotPath)).mode & 0o777).toBe(0o600);
    expect((await stat(dirname(snapshotPath))).mode & 0o777).toBe(0o700);

    const alone = await start();
    for (let i = 0; i < 3; i++) {
      expect(await page(alone, tenantId)).toEqual(['UNAVAILABLE', 'FOUND Known stale']);
    }

    processes.use(
      await startService('auth', { AUTH_DATABASE_URL: urls.auth, AUTH_GRPC_PORT: String(auth.grpcPort) }),
    );
    await expect
      .poll(() => page(alone, tenantId), { timeout: 15_000 })
      .toEqual(['FOUND Stranger', 'FOUND Known']);
  });
});

async function book(booking: ServiceProcess, tenantId: string, userId: string): Promise<void> {
  using client = connect(booking);
  await client.createBooking({ tenantId, booking: { ...DATES, userId } });
}

/** Whether everything is told, and the user of the newest booking is shown as of then. */
async function isUpToDate(booking: ServiceProcess, tenantId: string): Promise<boolean> {
  using client = connect(booking);
  const untold = await query(urls.booking, 'select 1 from graphile_worker._private_jobs');
  const [newest] = (await client.listBookings({ tenantId })).bookings;
  const [row] = await query(urls.auth, 'select version from users where id = $1', [newest?.userId]);
  return untold.length === 0 && String(newest?.user?.user?.version) === row?.version;
}

/** The users of a page, the newest booking first. */
async function page(booking: ServiceProcess, tenantId: string): Promise<string[]> {
  using client = connect(booking);
  return (await client.listBookings({ tenantId })).bookings.map(shown);
}

function connect({ grpcPort }: ServiceProcess) {
  return createBookingClient({ address: `127.0.0.1:${grpcPort}`, defaultTimeoutMs: 10_000 });
}

function shown({ user }: Booking): string {
  if (!user) return 'nobody';
  const name = user.user ? ` ${user.user.firstName}` : '';
  return `${BookingUserOutcomeSchema.value[user.outcome]?.localName}${name}${user.stale ? ' stale' : ''}`;
}
