import { existsSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { StartupError } from '@rollcall/runtime';
import { closeLog, type LogFile, lastErrorLine, linesOf, openLog } from '../processes/log-file.ts';
import { ownerOf } from '../settings.ts';
import { findPostgresBinaries, type PostgresBinaries } from './binaries.ts';
import { ensureDatabases } from './databases.ts';
import { type Credentials, initializeDatabase, readOrCreateCredentials, SUPERUSER } from './initialize.ts';
import { copyBinariesOutside } from './outside-home.ts';
import { placePostgres } from './placement.ts';
import { endOrphans, isReady, waitForPredecessor } from './postmaster-file.ts';
import { canEnter, currentServerUser, type ServerUser } from './server-user.ts';
import { startWatched, type WatchedPostmaster } from './watchdog.ts';

const HOST = '127.0.0.1';
const POLL_MS = 5;
/**
 * Time for a recovery that replays `max_wal_size` (with `npm start` 2 GB) on a slow machine. Milliseconds.
 * Our own choice.
 */
const START_TIMEOUT_MS = 300_000;
/** Another process may take a free port before Postgres binds it. */
const PORT_ATTEMPTS = 5;

export interface EmbeddedPostgresOptions {
  /** Real path of an existing, writable directory for the database, its secret and its log. */
  dataDirectory: string;
  /** TCP port on 127.0.0.1. 0 picks a free one. */
  port: number;
  /** Services that each get a role and a database of their name. @defaultValue none */
  databases?: readonly string[];
  /** Further settings of postgresql.conf. @defaultValue none */
  settings?: Readonly<Record<string, string>>;
  /**
   * Whether to wait for the disk. With false a crash of the machine may lose all data; for tests.
   * @defaultValue true
   */
  durable?: boolean;
}

/** A running Postgres. Disposing shuts it down and waits until it is gone. */
export interface EmbeddedPostgres extends AsyncDisposable {
  host: string;
  port: number;
  /** Version of the server, such as `18.4`. */
  version: string;
  /**
   * Directory of the cluster. It lies outside the data directory when the server's user may not enter that.
   */
  location: string;
  /** URL of the superuser with password. Never print it. */
  adminUrl: string;
  /** Returns the URL of a service's database for its role, with password. Never print it. */
  databaseUrl(name: string): string;
  /** Returns the URL of a service's database for its owner, with password. Never print it. */
  ownerUrl(name: string): string;
  /** Resolves when Postgres has ended, with `exit code 1` or `signal SIGKILL`, for example. */
  ended: Promise<string>;
  /** Kills it, as a crash would. */
  kill(): void;
  /** Lines to print at the start. */
  notes: string[];
}

// Never waits for the disk.
const VOLATILE = { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' };

/**
 * Starts the PostgreSQL that npm installed, on loopback, with passwords. It shuts down when this process
 * ends, also when it is killed. Under root it runs as `nobody`.
 * @throws StartupError with the cure when it does not start
 */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const { dataDirectory, databases = [], durable = true } = options;
  const installed = await findPostgresBinaries();
  const { home, user, notes } = placePostgres(dataDirectory, currentServerUser());
  const binaries = reachableBinaries(installed, user);
  const credentials = readOrCreateCredentials(dataDirectory, !existsSync(join(home, 'data')));
  const password = credentials.passwordOf(SUPERUSER);
  const version = installed.packageVersion;
  const data = await initializeDatabase(home, { binaries, version, user, password, durable });
  await waitForPredecessor(data);
  await endOrphans(data);

  const settings = { ...(durable ? {} : VOLATILE), ...options.settings };
  const start = { data, binaries, user, settings, logDirectory: join(dataDirectory, 'logs') };
  const { port, postmaster } = await startOnPort(options.port, start);
  try {
    const adminUrl = urlOf(SUPERUSER, SUPERUSER, { credentials, port });
    const serverVersion = await ensureDatabases(adminUrl, databases, credentials);
    return {
      host: HOST,
      port,
      version: serverVersion,
      location: data,
      adminUrl,
      databaseUrl: (name) => urlOf(name, name, { credentials, port }),
      ownerUrl: (name) => urlOf(ownerOf(name), name, { credentials, port }),
      ended: postmaster.ended,
      kill: () => postmaster.kill(),
      notes,
      [Symbol.asyncDispose]: () => postmaster.stop(),
    };
  } catch (error) {
    await postmaster.stop();
    throw error;
  }
}

interface StartOptions {
  data: string;
  binaries: string;
  user: ServerUser | undefined;
  settings: Readonly<Record<string, string>>;
  logDirectory: string;
}

async function startOnPort(wanted: number, options: StartOptions) {
  for (let attempt = 1; ; attempt++) {
    const port = wanted === 0 ? await freePort() : wanted;
    const log = openLog(join(options.logDirectory, 'postgres.log'));
    const postmaster = startWatched(options.data, {
      ...options,
      log,
      settings: {
        listen_addresses: HOST,
        port: String(port),
        unix_socket_directories: '',
        // Details of an error repeat its row, with contact data.
        log_error_verbosity: 'terse',
        // Failed statements may contain contact data too.
        log_min_error_statement: 'panic',
        ...options.settings,
      },
    });
    closeLog(log);
    if (await becomesReady(postmaster, options.data)) return { port, postmaster };
    await postmaster.stop();
    const portTaken = linesOf(log).some((line) => line.includes('Address already in use'));
    if (wanted !== 0 || !portTaken || attempt === PORT_ATTEMPTS)
      throw startFault({ log, port, postmaster, portTaken });
  }
}

async function becomesReady(postmaster: WatchedPostmaster, data: string): Promise<boolean> {
  const deadline = performance.now() + START_TIMEOUT_MS;
  while (postmaster.ending === undefined && performance.now() < deadline) {
    if (isReady(data)) return true;
    await sleep(POLL_MS);
  }
  return false;
}

interface FailedStart {
  log: LogFile;
  port: number;
  postmaster: WatchedPostmaster;
  portTaken: boolean;
}

function startFault({ log, port, postmaster, portTaken }: FailedStart): StartupError {
  if (portTaken)
    return new StartupError(`Port ${port} is in use: stop who holds it, or set POSTGRES_PORT to another.`);
  const reason = lastErrorLine(linesOf(log)) || postmaster.ending;
  return new StartupError(`Postgres did not start: ${reason}. The whole story is in ${log.path}.`);
}

function reachableBinaries(installed: PostgresBinaries, user: ServerUser | undefined): string {
  const reachable = !user || canEnter(join(installed.directory, 'bin'), user);
  return reachable ? installed.directory : copyBinariesOutside(installed);
}

function urlOf(
  role: string,
  database: string,
  { credentials, port }: { credentials: Credentials; port: number },
): string {
  return `postgres://${role}:${credentials.passwordOf(role)}@${HOST}:${port}/${database}`;
}

async function freePort(): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  const server = createServer();
  server.once('error', reject);
  server.listen(0, HOST, () => {
    const address = server.address();
    const port = typeof address === 'object' && address ? address.port : 0;
    server.close(() => resolve(port));
  });
  return promise;
}
