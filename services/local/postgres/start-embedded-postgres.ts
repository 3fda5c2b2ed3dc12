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
/** Recovery after a kill replays at most what `max_wal_size` (1 GB, with `npm start` 2 GB) holds, on a slow machine too. Our own choice. */
const START_TIMEOUT_MS = 300_000;
/** A free port may be taken by somebody else before Postgres binds it. */
const PORT_ATTEMPTS = 5;

/** What a caller may choose. */
export interface EmbeddedPostgresOptions {
  /** Real path of a directory that exists and can be written; the database, its secret and its log live there. */
  dataDirectory: string;
  /** TCP port on 127.0.0.1; 0 picks a free one. */
  port: number;
  /** Services that each get a role and a database of this name. Default: none. */
  databases?: readonly string[];
  /** Further settings of postgresql.conf. Default: none. */
  settings?: Readonly<Record<string, string>>;
  /** false: never waits for the disk; a crash of the machine may cost everything. For tests. Default true. */
  durable?: boolean;
}

/** A running Postgres. Disposing of it shuts it down and waits until it is gone. */
export interface EmbeddedPostgres extends AsyncDisposable {
  host: string;
  port: number;
  /** Of the server: `18.4`. */
  version: string;
  /** Where the cluster lies; outside the data directory where the server's user may not enter that. */
  location: string;
  /** Of the superuser, password included: never to be printed. */
  adminUrl: string;
  /** Of one of the `databases`, as its own role, password included: never to be printed. */
  databaseUrl(name: string): string;
  /** Of one of the `databases`, as the role that owns it, password included: never to be printed. */
  ownerUrl(name: string): string;
  /** Settles when Postgres has ended, asked or not, with how: `exit code 1`, `signal SIGKILL`. */
  ended: Promise<string>;
  /** Kills it at once, as a crash would. */
  kill(): void;
  /** Things worth telling the person who started, one line each. */
  notes: string[];
}

/** Not waiting for the disk, anywhere. */
const VOLATILE = { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' };

/**
 * Starts a PostgreSQL whose binaries npm installed, on loopback, with passwords. It shuts down by itself when this process ends, however it
 * ends. As root it runs as `nobody`.
 * @throws StartupError: one line with the cure
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
        // The details of an error repeat the row that it is about, contact data included.
        log_error_verbosity: 'terse',
        // And so do the statements that failed: the log repeats none.
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
