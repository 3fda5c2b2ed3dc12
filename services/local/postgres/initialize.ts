import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  existsSync,
  lchownSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { localPassword, SECRET_FILE, StartupError } from '@rollcall/runtime';
import { createSecretFile, readSecretFile } from '../data-directory/secrets.ts';
import { lastErrorLine } from '../processes/log-file.ts';
import { DATABASE_VARIABLES } from '../settings.ts';
import type { ServerUser } from './server-user.ts';

const DRAFT = 'draft-';

/** What `initializeDatabase` needs to know. */
export interface InitializeOptions {
  /** Holds `bin/initdb`. */
  binaries: string;
  /** Of the binaries: `18.4.0-beta.17`. */
  version: string;
  /** Undefined: as this process's own user. */
  user: ServerUser | undefined;
  /** The superuser's. */
  password: string;
  /** false: do not wait for the disk, for databases that nobody will miss. */
  durable: boolean;
}

/**
 * Makes the database cluster in `<home>/data`, unless it is there. It is made beside and moved to its place when it is whole, so a start
 * that was killed half-way is made good by the next.
 * @param home belongs to the server's user
 * @throws StartupError with initdb's reason, or where another version of PostgreSQL made the cluster
 */
export async function initializeDatabase(home: string, options: InitializeOptions): Promise<string> {
  const data = join(home, 'data');
  if (existsSync(data)) {
    requireMajor(data, options.version);
    return data;
  }
  const drafts = readdirSync(home).filter((name) => name.startsWith(DRAFT));
  for (const name of drafts) rmSync(join(home, name), { recursive: true, force: true });
  // A name of its own: the initdb of a start that was killed may still be writing to the earlier one.
  const draft = mkdtempSync(join(home, DRAFT));
  const passwordFile = join(draft, 'password');
  writeFileSync(passwordFile, options.password, { mode: 0o600 });
  for (const path of options.user ? [draft, passwordFile] : []) {
    lchownSync(path, options.user?.uid ?? -1, options.user?.gid ?? -1);
  }
  await runInitdb(join(draft, 'data'), { ...options, passwordFile });
  renameSync(join(draft, 'data'), data);
  rmSync(draft, { recursive: true });
  return data;
}

/** A major version of PostgreSQL does not read the files of another. What is no cluster at all the postmaster refuses. */
function requireMajor(data: string, version: string): void {
  const file = join(data, 'PG_VERSION');
  if (!existsSync(file)) return;
  const [found, wanted] = [readFileSync(file, 'utf8').trim(), version.split('.', 1)[0]];
  if (found === wanted) return;
  throw new StartupError(
    `The database in ${data} was made by PostgreSQL ${found}, which PostgreSQL ${wanted} of this Rollcall cannot read: start the Rollcall that made it, begin anew with "npm start -- --reset", or set ROLLCALL_DATA_DIR to another directory`,
  );
}

async function runInitdb(
  draft: string,
  options: InitializeOptions & { passwordFile: string },
): Promise<void> {
  const { user } = options;
  const args = [
    `--pgdata=${draft}`,
    `--username=${SUPERUSER}`,
    `--pwfile=${options.passwordFile}`,
    '--auth=scram-sha-256',
    '--encoding=UTF8',
    '--locale=C',
    '--no-instructions',
    ...(options.durable ? [] : ['--no-sync']),
  ];
  const child = spawn(join(options.binaries, 'bin/initdb'), args, {
    cwd: '/',
    env: { PATH: '/usr/bin:/bin', LC_ALL: 'C' },
    stdio: ['ignore', 'pipe', 'pipe'],
    ...(user && { uid: user.uid, gid: user.gid }),
  });
  let output = '';
  child.stdout.on('data', (chunk) => {
    output += chunk;
  });
  child.stderr.on('data', (chunk) => {
    output += chunk;
  });
  const { promise, resolve, reject } = Promise.withResolvers<number | null>();
  child.once('error', reject).once('close', resolve);
  if ((await promise) === 0) return;
  throw new StartupError(`initdb could not make the database in ${draft}: ${initdbReason(output)}`);
}

function initdbReason(output: string): string {
  const reason = lastErrorLine(output.split('\n').filter((line) => line.trim() !== ''));
  if (!reason.includes('could not look up effective user ID')) return reason;
  return `${reason}. Run as a user that /etc/passwd knows, or set ${DATABASE_VARIABLES}.`;
}

/** Name of the superuser of an embedded Postgres. */
export const SUPERUSER = 'postgres';

/** The passwords of one embedded Postgres: all of them derive from one secret, so that only one has to be kept. */
export interface Credentials {
  /** @param role a role of that database. Returns letters, digits, `-` and `_` only, so it needs no escaping in a URL. */
  passwordOf(role: string): string;
}

/**
 * The credentials that lie in a data directory, readable for their owner only.
 * @param dataDirectory a directory that exists
 * @param isNew whether there is no database yet, so that they may be made
 * @throws StartupError where they belong to somebody else, or are missing though there is a database
 */
export function readOrCreateCredentials(dataDirectory: string, isNew: boolean): Credentials {
  const path = join(dataDirectory, SECRET_FILE);
  const secret = readSecretFile(path)?.trim() ?? (isNew ? makeSecret(path) : undefined);
  if (secret === undefined) {
    throw new StartupError(
      `${path} is missing, without which the database beside it cannot be opened: put it back, or begin anew with "npm start -- --reset"`,
    );
  }
  return { passwordOf: (role) => localPassword(secret, role) };
}

function makeSecret(path: string): string {
  return createSecretFile(path, `${randomBytes(32).toString('base64url')}\n`).trim();
}
