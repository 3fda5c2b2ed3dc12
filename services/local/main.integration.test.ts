import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  closeSync,
  existsSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { runMain } from '@rollcall/runtime/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { removePostgresHome } from './postgres/placement.ts';
import { expectSampleMoney } from './testing/expect-sample-money.ts';
import { freePorts, isListening } from './testing/ports.ts';
import { childOf, processes } from './testing/processes.ts';

const MAIN = fileURLToPath(new URL('./main.ts', import.meta.url));
const SAMPLE = fileURLToPath(new URL('./seed-users/main.ts', import.meta.url));
const LIST_USERS = 'rollcall.user.v1.UserAdminService/ListUsers';
const LIST_VENDORS = 'rollcall.vendor.v1.VendorService/ListVendors';
const LIST_CUSTOMERS = 'rollcall.billing.v1.CustomerService/ListCustomers';
const LIST_PAYMENTS = 'rollcall.billing.v1.PaymentService/ListPayments';
const LIST_BOOKINGS = 'rollcall.booking.v1.BookingService/ListBookings';
const PORTS = [
  'AUTH_GRPC_PORT',
  'AUTH_HTTP_PORT',
  'BOOKING_GRPC_PORT',
  'BOOKING_HTTP_PORT',
  'VENDOR_GRPC_PORT',
  'VENDOR_HTTP_PORT',
  'BILLING_GRPC_PORT',
  'BILLING_HTTP_PORT',
  'POSTGRES_PORT',
] as const;

describe('npm start', { timeout: 180_000 }, () => {
  let dataDirectory = '';
  let env: NodeJS.ProcessEnv & Record<(typeof PORTS)[number], string>;
  let started: ChildProcess[];

  beforeEach(async () => {
    dataDirectory = join(realpathSync(mkdtempSync(join(tmpdir(), 'rollcall-start-'))), 'data');
    const ports = await freePorts(PORTS.length);
    env = { ...process.env, ROLLCALL_DATA_DIR: dataDirectory, ...byName(ports) };
    started = [];
  });

  afterEach(async () => {
    for (const launcher of started.filter((child) => child.exitCode === null)) {
      launcher.kill('SIGKILL');
    }
    await allEnded();
    if (existsSync(dataDirectory)) removePostgresHome(dataDirectory);
    rmSync(join(dataDirectory, '..'), { recursive: true });
  });

  it('empty-billing: finishes the sample that a killed start left half-way, each payment once, revives a killed service, leaves no process, and ports: gives way to what holds a default', async () => {
    const first = launch();
    await first.says('  Services');
    while ((await count('BILLING_HTTP_PORT', LIST_PAYMENTS, 'payments')) === 0) await sleep(1);
    first.child.kill('SIGKILL');
    await allEnded();

    const second = launch();
    await second.says('Rollcall is ready');
    expect(second.output()).toMatch(/Sample {5}200 users, 16 vendors, \d+ pets, 500 bookings, \d+ reviews/);
    expect(await count('AUTH_HTTP_PORT', LIST_USERS, 'users')).toBe(200);
    expect(await count('BOOKING_HTTP_PORT', LIST_BOOKINGS, 'bookings')).toBe(500);
    expect(await count('VENDOR_HTTP_PORT', LIST_VENDORS, 'vendors')).toBe(16);
    await expectSampleMoney({ billing: env.BILLING_HTTP_PORT, booking: env.BOOKING_HTTP_PORT });

    process.kill(childOf(second.child, 'auth/main.ts'), 'SIGKILL');
    await second.says('auth is ready again.');
    expect(await count('AUTH_HTTP_PORT', LIST_USERS, 'users')).toBe(200);

    second.child.kill('SIGINT');
    expect(await second.ended).toBe(0);
    expect(second.output()).toMatch(
      /Stopping: billing, vendor, booking, auth, Postgres \.\.\.\nStopped\.\n$/,
    );
    await allEnded();
    expect(existsSync(join(dataDirectory, 'launcher.lock'))).toBe(false);
    // The names of the page that was shown, for the next start.
    for (const service of ['booking', 'vendor']) {
      expect(modeOf(service)).toBe(0o700);
      expect(modeOf(`${service}/users.snapshot`)).toBe(0o600);
    }
    expect(modeOf('stripe-webhook-secret')).toBe(0o600);

    // In use, whoever has it: this server, or a start of somebody else's at the defaults.
    const holder = createServer().listen(50_053, '127.0.0.1');
    await once(holder, 'listening').catch(() => {});
    env.VENDOR_GRPC_PORT = '';
    const third = launch();
    await third.says('Rollcall is ready');
    expect(third.output()).toMatch(/Sample {5}loaded earlier/);
    const [, moved = ''] =
      /Port 50053 is in use: VENDOR_GRPC_PORT is (\d+) in this run/.exec(third.output()) ?? [];
    expect(third.output()).toContain(`127.0.0.1:${moved} `);
    expect(third.output()).toContain(`50053 is in use: ${moved}, as VENDOR_GRPC_PORT would set it`);
    env.VENDOR_GRPC_PORT = moved;
    expect(await isListening(Number(moved))).toBe(true);
    const ports = join(dataDirectory, 'ports.json');
    expect(readFileSync(ports, 'utf8')).toContain(`"VENDOR_GRPC_PORT":${moved}`);
    third.child.kill('SIGTERM');
    expect(await third.ended).toBe(0);
    expect(existsSync(ports)).toBe(false);
    holder.close();
    expectNoSecrets([first.output(), second.output(), third.output(), ...logs()]);
  });

  it('B12: loads the sample although the database is killed meanwhile, and B5: a service that hangs is started again', async () => {
    const launcher = launch();
    await launcher.says('  Services');
    while ((await tryCount('AUTH_HTTP_PORT', LIST_USERS)).users === 0) await sleep(1);
    process.kill(postmasterPid(), 'SIGKILL');
    await launcher.says('Postgres is ready again.');
    await launcher.says('Rollcall is ready');
    expect(launcher.output()).toContain('Postgres ended (signal SIGKILL). Starting it again in 0.25 s.');
    expect(launcher.output()).toMatch(/Sample {5}200 users, 16 vendors, \d+ pets, 500 bookings, \d+ reviews/);
    expect(await count('BOOKING_HTTP_PORT', LIST_BOOKINGS, 'bookings')).toBe(500);

    const vendor = childOf(launcher.child, 'vendor/main.ts');
    process.kill(vendor, 'SIGSTOP');
    process.kill(postmasterPid(), 'SIGKILL');
    const statuses = new Set<number>();
    while (launcher.output().split('Postgres is ready again.').length < 3) {
      for (const [port, method] of [
        ['AUTH_HTTP_PORT', LIST_USERS],
        ['BOOKING_HTTP_PORT', LIST_BOOKINGS],
        ['BILLING_HTTP_PORT', LIST_CUSTOMERS],
      ] as const)
        statuses.add((await tryCount(port, method)).status);
      expect(await statusOf('AUTH_HTTP_PORT', '/healthz')).toBe(200);
    }
    // 503 is UNAVAILABLE.
    expect([...statuses].filter((status) => status !== 200 && status !== 503)).toEqual([]);
    await launcher.says('vendor did not answer any more and was killed. Starting it again in 0.25 s.');
    await launcher.says('vendor is ready again.');
    expect(childOf(launcher.child, 'vendor/main.ts')).not.toBe(vendor);
    for (const name of ['AUTH', 'BOOKING', 'VENDOR', 'BILLING'] as const)
      while ((await statusOf(`${name}_HTTP_PORT`, '/readyz')) !== 200) await sleep(20);
    expect(await count('AUTH_HTTP_PORT', LIST_USERS, 'users')).toBe(200);
    expect(await count('BOOKING_HTTP_PORT', LIST_BOOKINGS, 'bookings')).toBe(500);
    expect(await count('VENDOR_HTTP_PORT', LIST_VENDORS, 'vendors')).toBe(16);
    expect(launcher.output()).not.toMatch(/(auth|booking|billing) (ended|did not)/);
    launcher.child.kill('SIGINT');
    expect(await launcher.ended).toBe(0);
  });

  it('B5: serves although its terminal takes nothing, and B12: loads the sample when it is told to', async () => {
    const full = openSync('/dev/full', 'w');
    const child = spawn(process.execPath, [MAIN, '--no-sample'], { env, stdio: ['ignore', full, 'pipe'] });
    closeSync(full);
    started.push(child);
    const ended = once(child, 'close');
    for (const name of ['AUTH', 'BOOKING', 'VENDOR', 'BILLING'] as const)
      while ((await statusOf(`${name}_HTTP_PORT`, '/readyz')) !== 200) await sleep(20);
    expect(await count('AUTH_HTTP_PORT', LIST_USERS, 'users')).toBe(0);
    // What a start does not load can be loaded later.
    const loaded = await runMain(SAMPLE, env, ['--demo']);
    expect(loaded).toMatchObject({ code: 0, stderr: '' });
    expect(loaded.stdout).toMatch(
      /^200 users, 16 vendors, \d+ pets, 500 bookings, \d+ reviews, .*265 payments, 12 invoices\n$/,
    );
    expect(await count('BOOKING_HTTP_PORT', LIST_BOOKINGS, 'bookings')).toBe(500);
    child.kill('SIGTERM');
    expect(await ended).toEqual([0, null]);
  });

  it('tells faults in one line each, without a stack trace, and starts nothing', async () => {
    const server = createServer().listen(Number(env.BOOKING_HTTP_PORT), '127.0.0.1');
    await once(server, 'listening');
    const taken = launch();
    expect(await taken.ended).toBe(1);
    expect(await taken.errors).toBe(
      `Port ${env.BOOKING_HTTP_PORT} is in use: stop what listens there, or set BOOKING_HTTP_PORT to another port\n`,
    );
    server.close();
    const misspelt = launch('--rest');
    expect(await misspelt.ended).toBe(1);
    expect(await misspelt.errors).toBe(
      'npm start does not know "--rest": it takes --reset, --yes, --no-sample, --help\n',
    );
    expect(readdirSync(dataDirectory).sort()).toEqual(['.gitignore', '.rollcall-data']);
  });

  function launch(...flags: string[]) {
    const child = spawn(process.execPath, [MAIN, ...flags], { env, stdio: ['ignore', 'pipe', 'pipe'] });
    started.push(child);
    let output = '';
    child.stdout.on('data', (chunk) => {
      output += chunk;
    });
    const errors = text(child.stderr);
    const ended = once(child, 'close').then(([code]) => code as number | null);
    const says = async (words: string) => {
      while (!output.includes(words)) {
        if (child.exitCode !== null)
          throw new Error(`It ended without saying "${words}": ${output}${await errors}`);
        await sleep(10);
      }
    };
    return { child, says, ended, errors, output: () => output };
  }

  function postmasterPid(): number {
    const [pid] = readFileSync(join(dataDirectory, 'postgres', 'data', 'postmaster.pid'), 'utf8').split('\n');
    return Number(pid);
  }

  async function statusOf(port: (typeof PORTS)[number], path: string): Promise<number | undefined> {
    const response = await fetch(`http://127.0.0.1:${env[port]}${path}`).catch(() => undefined);
    await response?.arrayBuffer();
    return response?.status;
  }

  /** As `count`, of users, where the answer may be a refusal. */
  async function tryCount(port: (typeof PORTS)[number], method: string) {
    const response = await fetch(`http://127.0.0.1:${env[port]}/${method}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ tenantId: 'demo', pageSize: 1 }),
    });
    const { users = [] } = (await response.json()) as { users?: unknown[] };
    return { status: response.status, users: users.length };
  }

  async function count(port: (typeof PORTS)[number], method: string, field: string): Promise<number> {
    const response = await fetch(`http://127.0.0.1:${env[port]}/${method}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ tenantId: 'demo', pageSize: 500 }),
    });
    expect(response.status).toBe(200);
    const answer = (await response.json()) as Record<string, unknown>;
    expect(answer.nextPageToken ?? '', 'the next page').toBe('');
    // JSON leaves an empty list out.
    return ((answer[field] ?? []) as unknown[]).length;
  }

  /**
   * No process of ours: every one of them has a port, the data directory or one of its files on its command
   * line or open.
   */
  async function allEnded(): Promise<void> {
    for (;;) {
      const listening = await Promise.all(PORTS.map((name) => isListening(Number(env[name]))));
      const inUse = processes().some(({ args }) => args.includes(dataDirectory));
      if (!inUse && !listening.includes(true)) return;
      await sleep(20);
    }
  }

  function modeOf(name: string): number {
    return statSync(join(dataDirectory, name)).mode & 0o777;
  }

  function logs(): string[] {
    const directory = join(dataDirectory, 'logs');
    return readdirSync(directory).map((name) => readFileSync(join(directory, name), 'utf8'));
  }

  function expectNoSecrets(texts: string[]): void {
    const secrets = ['postgres-secret', 'stripe-webhook-secret'].map((name) =>
      readFileSync(join(dataDirectory, name), 'utf8').trim(),
    );
    for (const written of texts) {
      for (const secret of secrets) expect(written).not.toContain(secret);
      expect(written).not.toMatch(/postgres(ql)?:\/\/\w+:[^*]/);
    }
  }
});

function byName(ports: number[]) {
  return Object.fromEntries(PORTS.map((name, at) => [name, String(ports[at])])) as Record<
    (typeof PORTS)[number],
    string
  >;
}
