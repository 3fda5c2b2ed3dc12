import { accessSync, constants, existsSync, mkdirSync, realpathSync } from 'node:fs';
import { userInfo } from 'node:os';
import { dirname, join } from 'node:path';
import { StartupError } from '@rollcall/runtime';
import { errorCode } from './error-code.ts';
import { acquireProcessLock, releaseProcessLock } from './process-lock.mjs';

/** The directory that holds everything `npm start` keeps. Held by one process at a time; disposing of it lets go. */
export interface DataDirectory extends Disposable {
  /** Real path. */
  path: string;
  /** Whether the start before this one was killed: what it started may just be ending. */
  afterKill: boolean;
}

/**
 * Makes the data directory where it is missing, and holds it.
 * @throws StartupError naming the variable when it cannot be written, and the process when another holds it
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
    accessSync(path, constants.R_OK | constants.W_OK | constants.X_OK);
    const lock = join(path, 'launcher.lock');
    const afterKill = existsSync(lock);
    return { path, lock, afterKill, holder: acquireProcessLock(lock) };
  } catch (error) {
    throw new StartupError(
      `ROLLCALL_DATA_DIR: ${wanted} cannot be written by ${userName()} (${errorCode(error)}): make it writable, or choose another directory`,
      { cause: error },
    );
  }
}

function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return `user ${process.geteuid?.()}`;
  }
}
