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

/** The directory that holds everything `npm start` keeps. Held by one process at a time; disposing of it lets go. */
export interface DataDirectory extends Disposable {
  /** Real path. */
  path: string;
  /** Whether the start before this one was killed: what it started may just be ending. */
  afterKill: boolean;
}

const LOCK = 'launcher.lock';
/** Says that a directory is ours; it stays when the database is emptied. */
const MARKER = '.rollcall-data';
/** The secret must not come into somebody's repository, wherever the directory is. */
const FILES = { [MARKER]: 'What `npm start` of Rollcall keeps.\n', '.gitignore': '*\n' };

/**
 * Makes the data directory where it is missing, and holds it. A folder that holds what somebody else keeps is left alone.
 * @throws StartupError naming the variable when it is not ours or cannot be written, and the process when another holds it
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
      // As root, Postgres's user has to pass through. Recursive only where it must be: in /proc it never returns.
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

/** Without a marker: one that was made before there were any, or is just being made. */
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
 * Asks whether the embedded database may go.
 * @param dataDirectory real path
 * @param options `yes`: the answer was given beforehand; `isTerminal`: whether there is somebody to ask, by default as it is
 * @throws StartupError where there is no terminal to ask on
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
 * Removes the embedded database, its secret, what services remember of their users, and the note of what sample it holds. Whatever else lies in the directory stays.
 * @param dataDirectory real path, held by this process
 * @returns where the database was
 * @throws StartupError where a Postgres still runs on it
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
