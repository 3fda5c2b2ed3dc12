import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { COMPILE_CACHE, TEST_KEYS } from '@rollcall/runtime/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { mountSmallDisk, type SmallDisk } from './small-disk.test-support.ts';

const SERVICES = ['auth', 'booking', 'vendor', 'billing'] as const;
type Service = (typeof SERVICES)[number];
const TENANT = 'full-disk';
const LONG = 'x'.repeat(150);

const disk = await mountSmallDisk();
if (!disk) process.stdout.write('This machine lets no file system be mounted: a full disk is not tried.\n');

interface Answer {
  readonly status: number;
  readonly body: {
    readonly code?: string;
    readonly details?: readonly { readonly type: string; readonly debug?: Record<string, unknown> }[];
  } & Record<string, unknown>;
}

describe.skipIf(!disk)(
  'the disk is full, that of the databases and of the logs',
  { timeout: 180_000 },
  () => {
    const stack = new AsyncDisposableStack();
    const children = new Map<Service, ChildProcess>();
    const ports = new Map<Service, number>();
    let vendorId = '';

    beforeAll(async () => {
      const small = stack.use(disk as SmallDisk);
      const [authGrpc, ...others] = await freePorts(2 * SERVICES.length);
      for (const [at, service] of SERVICES.entries()) {
        const prefix = service.toUpperCase();
        const database = await small.createDatabase(service);
        const httpPort = others[at] as number;
        ports.set(service, httpPort);
        const log = openSync(join(small.path, `${service}.log`), 'a');
        const child = spawn(process.execPath, [mainOf(service)], {
          env: {
            ...TEST_KEYS,
            ...COMPILE_CACHE,
            PATH: process.env.PATH,
            LOG_LEVEL: 'debug',
            AUTH_ADDRESS: `127.0.0.1:${authGrpc}`,
            AUTH_MAIL_DIRECTORY: join(small.path, 'mail'),
            [`${prefix}_USERS_SNAPSHOT_PATH`]: join(small.path, service, 'users.snapshot'),
            [`${prefix}_DATABASE_URL`]: database.url,
            [`${prefix}_HTTP_PORT`]: String(httpPort),
            [`${prefix}_GRPC_PORT`]: String(service === 'auth' ? authGrpc : others[SERVICES.length + at - 1]),
          },
          stdio: ['ignore', log, log],
        });
        closeSync(log);
        children.set(service, child);
        stack.defer(() => void child.kill('SIGKILL'));
      }
      for (const service of SERVICES) while ((await get(service, '/readyz')) !== 200) await sleep(20);
      const { body } = await write('auth');
      const { id: userId } = body.user as { id: string };
      const made = await call('vendor', 'rollcall.vendor.v1.VendorService/CreateVendor', {
        vendor: { userId },
      });
      vendorId = (made.body.vendor as { id: string }).id;
      for (const service of SERVICES) expect(await write(service)).toMatchObject({ status: 200 });
      await small.fill();
    }, 180_000);

    afterAll(() => stack.disposeAsync());

    it.each(SERVICES)('B5: %s refuses writes with the reason, and reads go on', async (service) => {
      const refused = await untilRefused(service);
      expect([refused.status, refused.body.code]).toEqual([429, 'resource_exhausted']);
      const details = refused.body.details ?? [];
      expect(details.find(({ type }) => type === 'google.rpc.ErrorInfo')?.debug).toMatchObject({
        reason: 'DATABASE_FULL',
      });
      expect(details.some(({ type }) => type === 'google.rpc.RetryInfo')).toBe(true);
      expect(await read(service)).toMatchObject({ status: 200 });
      expect(await get(service, '/healthz')).toBe(200);
      expect(await get(service, '/readyz')).toBe(200);
    });

    it('B5: drops log lines, counts them, and says how many once there is room for writes too', async () => {
      // Each call is a line: more than what may wait.
      while ((await dropped('booking')) === 0)
        await Promise.all(Array.from({ length: 100 }, () => read('booking')));
      (disk as SmallDisk).free();
      for (const service of SERVICES) while ((await write(service)).status !== 200) await sleep(50);
      const log = join((disk as SmallDisk).path, 'booking.log');
      while (!readFileSync(log, 'utf8').includes('log lines were dropped')) await sleep(20);
    });

    it.each(SERVICES.toReversed())('B5: %s ends when it is told to', async (service) => {
      const child = children.get(service) as ChildProcess;
      const ended = once(child, 'exit');
      child.kill('SIGTERM');
      expect(await ended).toEqual([0, null]);
    });

    async function untilRefused(service: Service): Promise<Answer> {
      for (;;) {
        const answer = await write(service);
        if (answer.status !== 200) return answer;
      }
    }

    function write(service: Service): Promise<Answer> {
      const code = randomUUID();
      switch (service) {
        case 'auth':
          return call(service, 'rollcall.user.v1.UserAdminService/CreateUser', {
            user: { firstName: LONG, lastName: code },
          });
        case 'booking':
          return call(service, 'rollcall.booking.v1.BookingService/CreateBooking', {
            booking: {
              reference: code,
              title: LONG,
              contactDetails: { name: LONG },
              startDate: '2026-05-01',
              endDate: '2026-05-02',
            },
          });
        case 'vendor':
          return call(service, 'rollcall.vendor.v1.ActivityService/CreateActivity', {
            activity: { vendorId, title: LONG, description: LONG },
          });
        case 'billing':
          return call(service, 'rollcall.billing.v1.PlanService/CreateArea', {
            area: { code, title: LONG, countryCodes: ['PT'], currencyCode: 'EUR' },
          });
      }
    }

    function read(service: Service): Promise<Answer> {
      switch (service) {
        case 'auth':
          return call(service, 'rollcall.user.v1.UserAdminService/ListUsers', { pageSize: 3 });
        case 'booking':
          return call(service, 'rollcall.booking.v1.BookingService/ListBookings', { pageSize: 3 });
        case 'vendor':
          return call(service, 'rollcall.vendor.v1.ActivityService/ListActivities', { vendorId });
        case 'billing':
          return call(service, 'rollcall.billing.v1.PlanService/ListAreas', {});
      }
    }

    async function call(service: Service, method: string, request: object): Promise<Answer> {
      const response = await fetch(`http://127.0.0.1:${ports.get(service)}/${method}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ tenantId: TENANT, ...request }),
      });
      return { status: response.status, body: (await response.json()) as Answer['body'] };
    }

    async function dropped(service: Service): Promise<number> {
      const response = await fetch(`http://127.0.0.1:${ports.get(service)}/metrics`);
      const [, value] = /^rollcall_log_lines_dropped_total\{.*\} (\d+)$/m.exec(await response.text()) ?? [];
      return Number(value);
    }

    async function get(service: Service, path: string): Promise<number | undefined> {
      const answer = await fetch(`http://127.0.0.1:${ports.get(service)}${path}`).catch(() => undefined);
      await answer?.arrayBuffer();
      return answer?.status;
    }
  },
);

function mainOf(service: Service): string {
  return fileURLToPath(new URL(`../../${service}/main.ts`, import.meta.url));
}

async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'));
  await Promise.all(servers.map((server) => once(server, 'listening')));
  const found = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(servers.map((server) => once(server.close(), 'close')));
  return found;
}
