import { createHash } from 'node:crypto';
import { chmodSync, cpSync, existsSync, lstatSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { StartupError } from '@rollcall/runtime';
import type { PostgresBinaries } from './binaries.ts';

/** Only root can create entries here, so that no other user can occupy a path beforehand. */
const OUTSIDE = '/var/lib/rollcall';

/**
 * Returns where the database lives when the server's user may not enter the data directory.
 * @param dataDirectory real path; equal paths give equal results
 */
export function outsideHome(dataDirectory: string): string {
  const hash = createHash('sha256').update(dataDirectory).digest('hex').slice(0, 16);
  return join(outsideRoot(), hash);
}

/** Removes a home outside the data directory. @returns whether it existed */
export function removeOutsideHome(home: string): boolean {
  const existed = existsSync(home);
  rmSync(home, { recursive: true, force: true });
  return existed;
}

/**
 * Copies PostgreSQL to a place where any user may run it, once for each version.
 * @returns directory of the copy
 */
export function copyBinariesOutside({ directory, packageVersion }: PostgresBinaries): string {
  const copy = join(outsideRoot(), `postgresql-${packageVersion}`);
  if (existsSync(copy)) return copy;
  const draft = `${copy}.${process.pid}`;
  cpSync(directory, draft, { recursive: true, verbatimSymlinks: true });
  chmodSync(draft, 0o755);
  try {
    renameSync(draft, copy);
  } catch (error) {
    // Another start may have made the copy.
    rmSync(draft, { recursive: true, force: true });
    if (!existsSync(copy)) throw error;
  }
  return copy;
}

function outsideRoot(): string {
  if (!existsSync(OUTSIDE)) {
    mkdirSync(OUTSIDE, { recursive: true });
    chmodSync(OUTSIDE, 0o755);
  }
  const stats = lstatSync(OUTSIDE);
  if (stats.isDirectory() && stats.uid === 0 && (stats.mode & 0o022) === 0) return OUTSIDE;
  throw new StartupError(
    `${OUTSIDE} must be a directory that only root may write: run "chown root ${OUTSIDE} && chmod 755 ${OUTSIDE}".`,
  );
}
