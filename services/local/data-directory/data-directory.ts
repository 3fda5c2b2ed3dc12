import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  readdirSync,
  realpathSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { userInfo } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline/promises';
import { SECRET_FILE, StartupError } from '@rollcall/runtime';
import { acquireProcessLock, releaseProcessLock } from '../install/process-lock.mjs';
import { homeOf, removePostgresHome } from '../postgres/placement.ts';
import { waitForPredecessor } from '../postgres/postmaster-file.ts';
import { SAMPLE_STATE_FILE } from '../sample/sample-state.ts';
import { SERVICES } from '../settings.ts';
import { errorCode } from './file-fault.ts';

/**
 * The directory with all data of `npm start`. One process at a time locks it; disposing releases the lock.
 */
export interface DataDirectory extends Disposable {
  /** Real path. */
  path: string;
  /** Whether the previous start was killed. Its processes may still be ending. */
  afterKill: boolean;
}

const LOCK = 'launcher.lock';
/** Marks a directory as ours. It stays after a reset. */
const MARKER = '.rollcall-data';
// `.gitignore` keeps the secrets out of any repository.
const FILES = { [MARKER]: 'What `npm start` of Rollcall keeps.\n', '.gitignore': '*\n' };

/**
 * Creates the data directory when it is missing, and locks it. A folder with other files is left alone.
 * @throws StartupError when the directory has other files, cannot be written, or is locked by another process
 */
export function openDataDirectory(wanted: string): DataDirectory {
  const { path, lock, afterKill, holder } = acquire(wanted);
  if (holder !== undefined) {
    throw new StartupError(
      `Rollcall (process ${holder.split(' ')[0]}) already runs on ${path}: stop it, or set ROLLCALL_DATA_DIR and the ports for a second one`,
    );
  }
  return { path, afterKill, [Symbol.dispose]: () => releaseProcessLock(lock) };
}

function acquire(wanted: string) {
  try {
    if (!existsSync(wanted)) {
      // Under root, Postgres's user must be able to pass. Recursive only when needed: in /proc it never
      // returns.
      const mode = process.geteuid?.() === 0 ? 0o711 : 0o700;
      mkdirSync(wanted, { recursive: !existsSync(dirname(wanted)), mode });
    }
    const path = realpathSync(wanted);
    if (!statSync(path).isDirectory()) throw refusal(wanted, 'is a file, not a directory');
    accessSync(path, constants.R_OK | constants.W_OK | constants.X_OK);
    if (!isOurs(readdirSync(path))) throw refusal(wanted, 'holds files of somebody else');
    for (const [name, text] of Object.entries(FILES)) {
      if (!existsSync(join(path, name))) writeFileSync(join(path, name), text);
    }
    const lock = join(path, LOCK);
    const afterKill = existsSync(lock);
    return { path, lock, afterKill, holder: acquireProcessLock(lock) };
  } catch (error) {
    if (error instanceof StartupError) throw error;
    throw fileSystemFault(wanted, error);
  }
}

/** Older directories have no marker, and neither has one that is just being created. */
function isOurs(entries: readonly string[]): boolean {
  return entries.length === 0 || [MARKER, SECRET_FILE, LOCK].some((name) => entries.includes(name));
}

function fileSystemFault(wanted: string, error: unknown): StartupError {
  const code = errorCode(error);
  if (code === 'ENOTDIR') return refusal(wanted, 'lies below a file, which is not a directory', error);
  if (code === 'ENOENT') return refusal(wanted, 'cannot be created there', error);
  return new StartupError(
    `ROLLCALL_DATA_DIR: ${wanted} cannot be written by ${userName()} (${code}): make it writable, or choose another directory`,
    { cause: error },
  );
}

function refusal(wanted: string, why: string, cause?: unknown): StartupError {
  return new StartupError(`ROLLCALL_DATA_DIR: ${wanted} ${why}: name an empty or a new directory`, { cause });
}

function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return `user ${process.geteuid?.()}`;
  }
}

/**
 * Asks whether the embedded database may be emptied.
 * @param dataDirectory real path
 * @param options `yes` answers beforehand; `isTerminal` is whether a question can be asked, by default
 * detected
 * @throws StartupError when there is no terminal to ask on
 */
export async function confirmReset(
  dataDirectory: string,
  { yes, isTerminal = process.stdin.isTTY && process.stdout.isTTY }: { yes: boolean; isTerminal?: boolean },
): Promise<boolean> {
  if (yes) return true;
  if (!isTerminal) {
    throw new StartupError(
      `--reset asks before it empties ${dataDirectory}, and here is no terminal to ask on: add --yes`,
    );
  }
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  try {
    const answer = await terminal.question(
      `Everything in ${homeOf(dataDirectory)} will be lost. Begin anew? [y/N] `,
    );
    return /^y(es)?$/i.test(answer.trim());
  } finally {
    terminal.close();
  }
}

/**
 * Removes the embedded database, its secret, the services' snapshots of users and the state of the sample.
 * Other files stay.
 * @param dataDirectory real path, locked by this process
 * @returns path of the removed database
 * @throws StartupError when a Postgres still runs on it
 */
export async function resetDataDirectory(dataDirectory: string): Promise<string> {
  const home = homeOf(dataDirectory);
  await waitForPredecessor(join(dataDirectory, 'postgres/data'));
  rmSync(join(dataDirectory, SAMPLE_STATE_FILE), { force: true });
  for (const service of SERVICES) rmSync(join(dataDirectory, service), { recursive: true, force: true });
  removePostgresHome(dataDirectory);
  rmSync(join(dataDirectory, SECRET_FILE), { force: true });
  return home;
}
