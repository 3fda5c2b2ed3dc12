import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { StartupError } from '@rollcall/runtime';
import { errorCode } from '../data-directory/file-fault.ts';

/** The user that Postgres runs as. */
export interface ServerUser {
  /** As /etc/passwd has it; `user 1000` where it has none. */
  name: string;
  uid: number;
  gid: number;
}

/**
 * Who Postgres must run as, because it refuses to run as root.
 * @param uid of this process
 * @param passwd text of /etc/passwd
 * @returns undefined: as this process's own user, who is not root; else the user `nobody`
 * @throws StartupError where root finds no `nobody`
 */
export function serverUser(uid: number, passwd: string): ServerUser | undefined {
  if (uid !== 0) return undefined;
  const nobody = passwdEntries(passwd).find((user) => user.name === 'nobody');
  if (nobody) return nobody;
  throw new StartupError(
    'Postgres refuses to run as root and /etc/passwd has no user "nobody": run as an ordinary user, or add one.',
  );
}

/** `serverUser` for this process and machine. */
export function currentServerUser(): ServerUser | undefined {
  return serverUser(process.geteuid?.() ?? 0, readPasswd());
}

/**
 * The user with this uid, for data that somebody made earlier.
 * @param gid of the files, used where /etc/passwd does not know the uid
 */
export function userById(uid: number, gid: number): ServerUser {
  const known = passwdEntries(readPasswd()).find((user) => user.uid === uid);
  return known ?? { name: `user ${uid}`, uid, gid };
}

/**
 * Whether the user can enter a directory, found by letting them try: mode bits alone know nothing of ACLs, mounts and namespaces.
 * @param user undefined: this process's own
 * @throws StartupError where this process may not become that user
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
