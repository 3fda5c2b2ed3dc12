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

export interface InitializeOptions {
  /** Directory of `bin/initdb`. */
  binaries: string;
  /** Version of the binaries, such as `18.4.0-beta.17`. */
  version: string;
  /** Undefined for the user of this process. */
  user: ServerUser | undefined;
  /** Password of the superuser. */
  password: string;
  /** Whether to wait for the disk. False for disposable databases. */
  durable: boolean;
}

/**
 * Creates the database cluster in `<home>/data` unless it exists. It is created beside and renamed when it is
 * complete, so that the next start repairs a start that was killed.
 * @param home directory of the server's user
 * @throws StartupError with initdb's reason, or when another version of PostgreSQL made the cluster
 */
export async function initializeDatabase(home: string, options: InitializeOptions): Promise<string> {
  const data = join(home, 'data');
  if (existsSync(data)) {
    requireMajor(data, options.version);
    return data;
  }
  const drafts = readdirSync(home).filter((name) => name.startsWith(DRAFT));
  for (const name of drafts) rmSync(join(home, name), { recursive: true, force: true });
  // A unique name: the initdb of a killed start may still write to an earlier one.
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

/**
 * PostgreSQL cannot read files of another major version. The postmaster refuses a directory that is no
 * cluster.
 */
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

/** Passwords of one embedded Postgres. All derive from one stored secret. */
export interface Credentials {
  /** @returns the password of a role: letters, digits, `-` and `_`, which need no escaping in a URL */
  passwordOf(role: string): string;
}

/**
 * Returns the credentials of a data directory.
 * @param dataDirectory existing directory
 * @param isNew whether there is no database yet, so that a secret may be created
 * @throws StartupError when the secret belongs to another user, or is missing although there is a database
 */
export function readOrCreateCredentials(dataDirectory: string, isNew: boolean): Credentials {
  const path = join(dataDirectory, SECRET_FILE);
  const secret = readSecretFile(path)?.trim() ?? (isNew ? createSecret(path) : undefined);
  if (secret === undefined) {
    throw new StartupError(
      `${path} is missing, without which the database beside it cannot be opened: put it back, or begin anew with "npm start -- --reset"`,
    );
  }
  return { passwordOf: (role) => localPassword(secret, role) };
}

function createSecret(path: string): string {
  return createSecretFile(path, `${randomBytes(32).toString('base64url')}\n`).trim();
}
