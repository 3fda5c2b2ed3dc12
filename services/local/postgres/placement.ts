import {
  existsSync,
  lchownSync,
  lstatSync,
  mkdirSync,
  readlinkSync,
  renameSync,
  rmSync,
  type Stats,
  symlinkSync,
} from 'node:fs';
import { join } from 'node:path';
import { StartupError } from '@rollcall/runtime';
import { errorCode } from '../data-directory/file-fault.ts';
import { outsideHome, removeOutsideHome } from './outside-home.ts';
import { canEnter, type ServerUser, userById } from './server-user.ts';

/** Place of the database, and user of Postgres. */
export interface Placement {
  /** Directory that belongs to Postgres's user only. */
  home: string;
  /** Undefined when Postgres runs as the user of this process. */
  user: ServerUser | undefined;
  /** Lines to print at the start. */
  notes: string[];
}

/** Entry of the data directory: Postgres's home, or a link to it. */
const ENTRY = 'postgres';

/**
 * Decides where the database of a data directory lives, and creates the place. An earlier decision stays: a
 * directory `postgres` is the home, and its owner runs Postgres; a link leads to a home outside, for a
 * server's user who may not enter the data directory.
 * @param dataDirectory real path of an existing, writable directory
 * @param user that Postgres must run as; undefined for the user of this process
 * @throws StartupError when this process cannot use the home of an earlier start
 */
export function placePostgres(dataDirectory: string, user: ServerUser | undefined): Placement {
  const entry = join(dataDirectory, ENTRY);
  const found = statsOf(entry);
  if (found?.isSymbolicLink()) return homeBehindLink(dataDirectory, user);
  if (found) return existingHome(entry, { user, owner: userById(found.uid, found.gid) });
  if (!user || canEnter(dataDirectory, user)) return { home: makeHome(entry, user), user, notes: [] };

  const home = outsideHome(dataDirectory);
  const leftover = removeOutsideHome(home);
  makeHome(home, user);
  symlinkSync(home, entry);
  const notes = [
    `Postgres runs as ${user.name}, who may not enter ${dataDirectory}: the database is in ${home}.`,
  ];
  return {
    home,
    user,
    notes: leftover ? [...notes, `An older database there was removed with its data directory.`] : notes,
  };
}

/** Returns where the database of a data directory lives, or would live. @param dataDirectory real path */
export function homeOf(dataDirectory: string): string {
  const entry = join(dataDirectory, ENTRY);
  return statsOf(entry)?.isSymbolicLink() ? readlinkSync(entry) : entry;
}

/** Removes the database of a data directory. No process may run on it. @param dataDirectory real path */
export function removePostgresHome(dataDirectory: string): void {
  const entry = join(dataDirectory, ENTRY);
  const data = join(entry, 'data');
  // At one stroke: half a database, after a kill in the middle, could neither be opened nor made anew.
  if (existsSync(data)) renameSync(data, join(entry, `draft-removed-${process.pid}`));
  if (statsOf(entry)?.isSymbolicLink()) removeOutsideHome(outsideHome(dataDirectory));
  rmSync(entry, { recursive: true, force: true });
}

function homeBehindLink(dataDirectory: string, user: ServerUser | undefined): Placement {
  const entry = join(dataDirectory, ENTRY);
  const home = outsideHome(dataDirectory);
  const target = readlinkSync(entry);
  if (!user)
    throw new StartupError(
      `The database of ${dataDirectory} was made by root: start as root, or set ROLLCALL_DATA_DIR.`,
    );
  if (target !== home) {
    throw new StartupError(
      `${entry} leads to ${target}, the database of a data directory elsewhere. Moved it? mv ${target} ${home} && ln -sfn ${home} ${entry}`,
    );
  }
  if (!statsOf(home)) makeHome(home, user);
  return { home, user, notes: [`The database is in ${home}, where ${user.name} may enter.`] };
}

function existingHome(
  home: string,
  { user, owner }: { user: ServerUser | undefined; owner: ServerUser },
): Placement {
  if (!user && owner.uid !== process.geteuid?.()) {
    throw new StartupError(
      `${home} belongs to ${owner.name}: start as root or as ${owner.name}, or set ROLLCALL_DATA_DIR.`,
    );
  }
  const runAs = user && owner.uid !== 0 ? owner : user;
  // Root's own, empty: a start that was killed between making and giving it away.
  if (user && owner.uid === 0) lchownSync(home, user.uid, user.gid);
  if (runAs && !canEnter(home, runAs)) {
    throw new StartupError(
      `Postgres runs as ${runAs.name}, who may no longer enter ${home}: run "chmod o+x" on the directories above it, or set ROLLCALL_DATA_DIR.`,
    );
  }
  return { home, user: runAs, notes: [] };
}

function makeHome(path: string, user: ServerUser | undefined): string {
  mkdirSync(path, { mode: 0o700 });
  if (user) lchownSync(path, user.uid, user.gid);
  return path;
}

function statsOf(path: string): Stats | undefined {
  try {
    return lstatSync(path);
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}
