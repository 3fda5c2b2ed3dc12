import { type ChildProcess, spawn } from 'node:child_process';
import { constants } from 'node:os';
import { join } from 'node:path';
import { killProcessGroup } from '@rollcall/runtime';
import type { LogFile } from '../processes/log-file.ts';
import type { ServerUser } from './server-user.ts';

/**
 * Shell script that runs the postmaster. When standard input closes, for any reason, it requests a fast
 * shutdown (SIGINT). It ends when the postmaster ends, with its exit code.
 */
const WATCHDOG = `
exec 3<&0 </dev/null
"$@" 3<&- & postmaster=$!
{ while read -r _ <&3; do :; done; kill -INT "$postmaster" 2>/dev/null; } & reader=$!
exec 3<&-
wait "$postmaster"; code=$?
kill "$reader" 2>/dev/null
exit "$code"
`;

/**
 * Time for a fast shutdown before the postmaster is killed, which WAL makes harmless. Milliseconds. Our own
 * choice.
 */
const STOP_TIMEOUT_MS = 15_000;

export interface WatchedOptions {
  /** Directory of `bin/postgres`. */
  binaries: string;
  user: ServerUser | undefined;
  log: LogFile;
  /** Settings of postgresql.conf. */
  settings: Readonly<Record<string, string>>;
}

/** A running postmaster behind its watchdog. */
export interface WatchedPostmaster {
  /** `exit code 1` or `signal SIGKILL`, for example. Undefined while it runs. */
  readonly ending: string | undefined;
  /** Resolves with `ending` when it has ended. */
  ended: Promise<string>;
  /** Requests a fast shutdown, and kills when that takes too long. Resolves when the process is gone. */
  stop(): Promise<void>;
  /** Kills the postmaster. Its backends end by themselves. */
  kill(): void;
}

/**
 * Starts a postmaster that ends with this process, also when this process is killed. It runs in a separate
 * session, so that Ctrl-C does not reach it.
 * @param data directory of the cluster
 */
export function startWatched(
  data: string,
  { binaries, user, log, settings }: WatchedOptions,
): WatchedPostmaster {
  const flags = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const command = [join(binaries, 'bin/postgres'), '-D', data, ...flags];
  const child = spawn('/bin/sh', ['-c', WATCHDOG, 'postgres-watchdog', ...command], {
    cwd: '/',
    detached: true,
    env: { PATH: '/usr/bin:/bin', LC_ALL: 'C' },
    stdio: ['pipe', log.descriptor, log.descriptor],
    ...(user && { uid: user.uid, gid: user.gid }),
  });
  let ending: string | undefined;
  const { promise: ended, resolve } = Promise.withResolvers<string>();
  const finish = (how: string) => {
    ending = how;
    resolve(how);
  };
  child.once('error', (error) => finish(error.message));
  child.once('exit', (code, signal) => finish(howEnded(code, signal)));
  return {
    get ending() {
      return ending;
    },
    ended,
    stop: () => stop(child, ended),
    kill: () => killProcessGroup(child.pid),
  };
}

/** A shell exits with 128 plus the signal's number when a signal ended its child. */
function howEnded(code: number | null, signal: NodeJS.Signals | null): string {
  const signals = Object.entries(constants.signals);
  const name = signal ?? signals.find(([, number]) => number + 128 === code)?.[0];
  return name ? `signal ${name}` : `exit code ${code}`;
}

async function stop(child: ChildProcess, ended: Promise<string>): Promise<void> {
  child.stdin?.destroy();
  const timer = setTimeout(() => killProcessGroup(child.pid), STOP_TIMEOUT_MS);
  await ended;
  clearTimeout(timer);
}
