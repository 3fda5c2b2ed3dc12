import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

// It keeps prepared statements from 1.21 on.
const OLDEST_MINOR = 21;
const INSTALLED = fileURLToPath(new URL('../../../.ci/bin', import.meta.url));
const env = { ...process.env, PATH: [INSTALLED, process.env.PATH, '/usr/sbin'].join(delimiter) };

/** Why there is no pgbouncer to test with; undefined: there is one. */
export function missingPgbouncer(): string | undefined {
  const { stdout, error } = spawnSync('pgbouncer', ['--version'], { env, encoding: 'utf8' });
  if (error) return 'pgbouncer is not on this machine (.ci/install-pgbouncer installs it)';
  const [, major = 0, minor = 0] = (/PgBouncer (\d+)\.(\d+)/.exec(stdout) ?? []).map(Number);
  if (major > 1 || (major === 1 && minor >= OLDEST_MINOR)) return undefined;
  return `pgbouncer is older than 1.${OLDEST_MINOR} here (${stdout.split('\n', 1)[0]})`;
}

/** A pgbouncer of the test's own, in transaction mode. */
export interface Pgbouncer extends AsyncDisposable {
  /** The address of a database through it. */
  through(url: string): string;
}

/**
 * Starts pgbouncer in front of the server of `urls`.
 * @param urls addresses of databases, whose roles and passwords it gets
 * @param settings of the section [pgbouncer], over those of this file
 */
export async function startPgbouncer(
  urls: readonly string[],
  settings: Readonly<Record<string, string | number>> = {},
): Promise<Pgbouncer> {
  for (let attempt = 1; ; attempt++) {
    const port = 20_000 + Math.floor(Math.random() * 10_000);
    const started = await tryStart(urls, { ...DEFAULTS, ...settings, listen_port: port });
    if (typeof started !== 'string') return { ...started, through: (url) => withPort(url, port) };
    if (attempt === 5) throw new Error(`pgbouncer does not start: ${started}`);
  }
}

const DEFAULTS = {
  listen_addr: '127.0.0.1',
  unix_socket_dir: '',
  auth_type: 'scram-sha-256',
  pool_mode: 'transaction',
  default_pool_size: 5,
  max_client_conn: 200,
  max_prepared_statements: 200,
  ...(process.getuid?.() === 0 && { user: 'nobody' }),
};

async function tryStart(
  urls: readonly string[],
  settings: Readonly<Record<string, string | number>>,
): Promise<AsyncDisposable | string> {
  const directory = mkdtempSync(join(tmpdir(), 'rollcall-pgbouncer-'));
  const users = new Map(
    urls.map((url) => [new URL(url).username, decodeURIComponent(new URL(url).password)]),
  );
  const userFile = join(directory, 'users.txt');
  writeFileSync(userFile, [...users].map(([name, password]) => `"${name}" "${password}"\n`).join(''));
  const { hostname, port } = new URL(urls[0] ?? '');
  const lines = Object.entries({ ...settings, auth_file: userFile }).map(
    ([name, value]) => `${name} = ${value}`,
  );
  const config = join(directory, 'pgbouncer.ini');
  writeFileSync(
    config,
    ['[databases]', `* = host=${hostname} port=${port}`, '[pgbouncer]', ...lines, ''].join('\n'),
  );
  const child = spawn('pgbouncer', [config], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += String(chunk)));
  const exited = once(child, 'exit');
  const end = async () => {
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
    await exited;
    rmSync(directory, { recursive: true, force: true });
  };
  const isUp = await Promise.race([exited.then(() => false), untilAccepts(Number(settings.listen_port))]);
  if (isUp && child.exitCode === null) return { [Symbol.asyncDispose]: end };
  await end();
  return output;
}

async function untilAccepts(port: number): Promise<boolean> {
  for (const giveUpAt = Date.now() + 10_000; Date.now() < giveUpAt; await sleep(20)) {
    const socket = connect(port, '127.0.0.1');
    const isOpen = await once(socket, 'connect').then(
      () => true,
      () => false,
    );
    socket.destroy();
    if (isOpen) return true;
  }
  return false;
}

function withPort(url: string, port: number): string {
  const through = new URL(url);
  through.port = String(port);
  return through.href;
}
