import { createHash } from 'node:crypto';
import { chmodSync, cpSync, existsSync, lstatSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { StartupError } from '@rollcall/runtime';
import type { PostgresBinaries } from './binaries.ts';

/** Only root can make entries here, so nobody else can take a place beforehand. */
const OUTSIDE = '/var/lib/rollcall';

/**
 * Where the database of a data directory lives that the server's user may not enter.
 * @param dataDirectory real path; the same one always gives the same place
 */
export function outsideHome(dataDirectory: string): string {
  const hash = createHash('sha256').update(dataDirectory).digest('hex').slice(0, 16);
  return join(outsideRoot(), hash);
}

/** @returns whether there was one */
export function removeOutsideHome(home: string): boolean {
  const existed = existsSync(home);
  rmSync(home, { recursive: true, force: true });
  return existed;
}

/**
 * Copies PostgreSQL to where any user may run it, once for each version.
 * @returns the copy's directory
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
    // Another start may have been faster.
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
