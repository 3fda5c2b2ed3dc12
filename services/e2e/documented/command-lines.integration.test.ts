import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { LOCAL_SETTINGS } from '@rollcall/local';
import { localDatabaseUrl, PORTS_FILE, SECRET_FILE } from '@rollcall/runtime';
import { runMain, startMain, TEST_KEYS } from '@rollcall/runtime/testing';
import { afterAll, describe, expect, it } from 'vitest';
import { toHotelCsv } from '../../../migrations/import/testing/hotel-csv.ts';

const top = fileURLToPath(new URL('../../..', import.meta.url));
const { scripts } = JSON.parse(readFileSync(`${top}package.json`, 'utf8')) as {
  scripts: Record<string, string>;
};
const directory = mkdtempSync(join(tmpdir(), 'rollcall-commands-'));
const csv = join(directory, 'bookings.csv');
writeFileSync(csv, toHotelCsv([{}]));
afterAll(() => rmSync(directory, { recursive: true }));

/** What the command lines can be led to by a setting. */
const TARGETS = ['BILLING_HTTP_PORT', 'AUTH_GRPC_PORT', 'POSTGRES_PORT'] as const;
type Target = (typeof TARGETS)[number];

/** Command lines, by their script, and what each asks first. */
const COMMANDS: readonly { script: string; args: readonly string[]; asks: Target }[] = [
  { script: 'stripe', args: ['send', 'charge.succeeded'], asks: 'BILLING_HTTP_PORT' },
  { script: 'stripe', args: ['list', 'dead'], asks: 'POSTGRES_PORT' },
  { script: 'stripe', args: ['replay', '--dead'], asks: 'POSTGRES_PORT' },
  { script: 'stripe', args: ['reconcile', '--since', '2026-11-01'], asks: 'POSTGRES_PORT' },
  { script: 'grants', args: ['list'], asks: 'POSTGRES_PORT' },
  { script: 'audit', args: ['tail'], asks: 'POSTGRES_PORT' },
  { script: 'audit', args: ['prune', '--days', '400'], asks: 'POSTGRES_PORT' },
  { script: 'feed', args: ['show'], asks: 'POSTGRES_PORT' },
  { script: 'sample', args: ['--users', '1'], asks: 'POSTGRES_PORT' },
  { script: 'sample', args: ['--demo'], asks: 'AUTH_GRPC_PORT' },
  { script: 'import', args: ['hotel-bookings', csv], asks: 'AUTH_GRPC_PORT' },
];

/** One of each script and port: what differs beside that is behind the same code. */
const KINDS = [
  ...new Map(COMMANDS.map((command) => [`${command.script} ${command.asks}`, command])).values(),
];

/** Command lines that no port of this machine concerns. */
const OTHERS: Readonly<Record<string, string>> = {
  start: 'listens itself',
  token: 'asks nobody; its audience is tried below',
  migrate: 'is for databases that variables name by their URL, and has no default',
  bench: 'starts services of its own, on ports that the system gives',
  'test:mutation': 'is a tool of this checkout',
  'check:structure': 'is a tool of this checkout',
  generate: 'is a tool of this checkout',
};

const mainOf = (script: string) => /\bnode (\S+main\.ts)( \w+)?/.exec(scripts[script] ?? '');

describe('command lines', () => {
  it('cli-port: are all tried here, or stand in one list with the reason', () => {
    const found = Object.keys(scripts).filter((script) => mainOf(script));
    const known = [...COMMANDS.map(({ script }) => script), ...Object.keys(OTHERS)];
    expect(found.sort()).toEqual([...new Set(known)].sort());
  });

  it.concurrent.each(COMMANDS)(
    'cli-port: $script $args.0 asks at $asks, as the environment sets it',
    { timeout: 120_000 },
    async ({ script, args, asks }) => {
      await using servers = await openServers();
      expect(await firstAsked({ script, args, servers, env: servers.env })).toBe(asks);
    },
  );

  it.concurrent.each(KINDS)(
    'cli-port: $script $args.0 asks at $asks, where a running npm start has taken another port than its default',
    { timeout: 120_000 },
    async ({ script, args, asks }) => {
      await using servers = await openServers();
      const ports = { pid: process.pid, ports: servers.env };
      writeFileSync(join(servers.dataDirectory, PORTS_FILE), JSON.stringify(ports));
      expect(await firstAsked({ script, args, servers, env: {} })).toBe(asks);
    },
  );

  it.each([...new Set(COMMANDS.map(({ script }) => script)), 'token', 'migrate'])(
    '%s tells no error where its reader has gone, as in "| head"',
    { timeout: 60_000 },
    async (script) => {
      const [main, tool] = commandOf(script);
      const child = spawn(process.execPath, [main, ...tool, '--help'], { stdio: ['ignore', 'pipe', 'pipe'] });
      child.stdout.destroy();
      const errors = text(child.stderr);
      expect([await once(child, 'close'), await errors]).toEqual([[0, null], '']);
    },
  );

  it('cli-port: token makes tokens for the audience that the services want', {
    timeout: 60_000,
  }, async () => {
    const [main, tool] = commandOf('token');
    const [key, jwks] = [join(directory, 'key.json'), join(directory, 'keys.json')];
    const env = { PATH: process.env.PATH, AUTH_TOKEN_AUDIENCE: 'users.example' };
    const made = await runMain(main, env, [...tool, '--make-keys', '--key', key, '--jwks', jwks]);
    expect(made.code).toBe(0);
    const { stdout } = await runMain(main, env, [...tool, '--caller', 'booking', '--key', key]);
    expect(audienceOf(stdout)).toBe('users.example');
    const named = ['--caller', 'booking', '--key', key, '--audience', 'other'];
    expect(audienceOf((await runMain(main, env, [...tool, ...named])).stdout)).toBe('other');
  });

  it('cli-port: find the database of npm start at its default, and refuse what is no port', () => {
    const data = mkdtempSync(join(directory, 'data-'));
    writeFileSync(join(data, SECRET_FILE), 'secret\n');
    const env = { ROLLCALL_DATA_DIR: data };
    const where = { database: 'auth', role: 'auth' };
    expect(localDatabaseUrl(env, where)?.reveal()).toContain(`:${LOCAL_SETTINGS.postgresPort.default}/auth`);
    expect(() => localDatabaseUrl({ ...env, POSTGRES_PORT: 'five' }, where)).toThrow(
      'POSTGRES_PORT must be a whole number from 1 to 65535, not "five"',
    );
  });
});

function audienceOf(token: string): unknown {
  const [, claims = ''] = token.trim().split('.');
  return JSON.parse(Buffer.from(claims, 'base64url').toString('utf8')).aud;
}

function commandOf(script: string): [main: string, tool: string[]] {
  const [, main = '', tool] = mainOf(script) ?? [];
  return [`${top}${main}`, tool ? [tool.trim()] : []];
}

/** Servers that take a connection, note it and close it, and a data directory as `npm start` leaves it. */
async function openServers() {
  const asked = Promise.withResolvers<Target>();
  const stack = new AsyncDisposableStack();
  const env: Partial<Record<Target, string>> = {};
  for (const target of TARGETS) {
    const server = createServer((socket) => {
      asked.resolve(target);
      socket.destroy();
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    stack.defer(() => {
      server.close();
    });
    env[target] = String((server.address() as AddressInfo).port);
  }
  const dataDirectory = mkdtempSync(join(directory, 'data-'));
  writeFileSync(join(dataDirectory, SECRET_FILE), 'secret\n');
  return { asked: asked.promise, env, dataDirectory, [Symbol.asyncDispose]: () => stack.disposeAsync() };
}

interface Run {
  readonly script: string;
  readonly args: readonly string[];
  readonly servers: { readonly asked: Promise<Target>; readonly dataDirectory: string };
  readonly env: NodeJS.ProcessEnv;
}

/** Runs a command until it asks one of the servers, and ends it. */
async function firstAsked({ script, args, servers, env }: Run): Promise<Target | string> {
  const [main, tool] = commandOf(script);
  const child = startMain(
    main,
    {
      ...{ PATH: process.env.PATH, ROLLCALL_DATA_DIR: servers.dataDirectory, ...TEST_KEYS, ...env },
      ...{ STRIPE_WEBHOOK_SECRETS: 'whsec_test', STRIPE_API_KEY: 'sk_test_none' },
      STRIPE_API_BASE: 'http://127.0.0.1:9',
    },
    [...tool, ...args],
  );
  let said = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk) => {
      said += String(chunk);
    });
  }
  const ended = once(child, 'close');
  const silent = ended.then(() => `it ended without asking: ${said}`);
  const first = await Promise.race([servers.asked, silent]);
  child.kill('SIGKILL');
  await ended;
  return first;
}
