import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { StartupError } from '@rollcall/runtime';
import { errorCode } from '../data-directory/file-fault.ts';

/** User that Postgres runs as. */
export interface ServerUser {
  /** Name of /etc/passwd, or such as `user 1000`. */
  name: string;
  uid: number;
  gid: number;
}

/**
 * Returns the user that Postgres must run as, because it refuses to run as root.
 * @param uid of this process
 * @param passwd text of /etc/passwd
 * @returns the user `nobody` for root; otherwise undefined, for the user of this process
 * @throws StartupError when root finds no user `nobody`
 */
export function serverUser(uid: number, passwd: string): ServerUser | undefined {
  if (uid !== 0) return undefined;
  const nobody = passwdEntries(passwd).find((user) => user.name === 'nobody');
  if (nobody) return nobody;
  throw new StartupError(
    'Postgres refuses to run as root and /etc/passwd has no user "nobody": run as an ordinary user, or add one.',
  );
}

/** Returns `serverUser` for this process. */
export function currentServerUser(): ServerUser | undefined {
  return serverUser(process.geteuid?.() ?? 0, readPasswd());
}

/**
 * Returns the user with a uid, for data of an earlier start.
 * @param gid of the files, used when /etc/passwd has no such uid
 */
export function userById(uid: number, gid: number): ServerUser {
  const known = passwdEntries(readPasswd()).find((user) => user.uid === uid);
  return known ?? { name: `user ${uid}`, uid, gid };
}

/**
 * Whether a user can enter a directory. It is tried in a child process: mode bits do not show ACLs, mounts
 * and namespaces.
 * @param user undefined for the user of this process
 * @throws StartupError when this process may not become that user
 */
export function canEnter(directory: string, user: ServerUser | undefined): boolean {
  const identity = user && { uid: user.uid, gid: user.gid };
  const attempt = spawnSync('/bin/sh', ['-c', 'cd -- "$1"', 'sh', directory], {
    cwd: '/',
    stdio: 'ignore',
    ...identity,
  });
  if (attempt.error) {
    throw new StartupError(
      `Postgres refuses to run as root, and this process may not become ${user?.name} (${errorCode(attempt.error)}): run as an ordinary user.`,
    );
  }
  return attempt.status === 0;
}

function passwdEntries(passwd: string): ServerUser[] {
  return passwd
    .split('\n')
    .map((line) => line.split(':'))
    .filter((fields) => fields.length >= 4)
    .map(([name = '', , uid, gid]) => ({ name, uid: Number(uid), gid: Number(gid) }));
}

function readPasswd(): string {
  return readFileSync('/etc/passwd', 'utf8');
}
