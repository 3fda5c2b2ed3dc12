import { readdirSync, readFileSync, readlinkSync, realpathSync } from 'node:fs';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { StartupError } from '@rollcall/runtime';

const POLL_MS = 20;
/** A fast shutdown that its launcher's death set off is over well within this. Our own choice. */
const PREDECESSOR_TIMEOUT_MS = 5_000;
/**
 * Backends of a killed postmaster notice it at their next wait. Milliseconds. All three are our own choice.
 */
const ORPHANS_QUIT_MS = 5_000;
const ORPHANS_KILL_MS = 8_000;
const ORPHANS_TIMEOUT_MS = 10_000;

/**
 * Waits until no earlier postmaster runs on the cluster. After a kill -9 of its launcher it may still be
 * shutting down.
 * @param data directory of the cluster
 * @throws StartupError with process, directory and cure when it still runs after five seconds
 */
export async function waitForPredecessor(data: string): Promise<void> {
  const deadline = performance.now() + PREDECESSOR_TIMEOUT_MS;
  for (let pid = livingPostmaster(data); pid !== undefined; pid = livingPostmaster(data)) {
    if (performance.now() > deadline) {
      throw new StartupError(
        `Postgres (process ${pid}) still runs on ${data}: stop the Rollcall that started it, or run "kill -INT ${pid}" and start again.`,
      );
    }
    await sleep(POLL_MS);
  }
}

/**
 * Waits until the backends of a killed postmaster are gone, and ends those that go on. They hold shared
 * memory that a new postmaster needs. Call it only while no postmaster runs. Without /proc it does nothing,
 * and Postgres refuses to start.
 * @param data directory of the cluster
 */
export async function endOrphans(data: string): Promise<void> {
  const begun = performance.now();
  for (let pids = orphansOf(data); pids.length > 0; pids = orphansOf(data)) {
    const passedMs = performance.now() - begun;
    if (passedMs > ORPHANS_TIMEOUT_MS) return;
    if (passedMs > ORPHANS_QUIT_MS) signalAll(pids, passedMs > ORPHANS_KILL_MS ? 'SIGKILL' : 'SIGQUIT');
    await sleep(POLL_MS);
  }
}

/** The working directory of every Postgres process is the data directory of its cluster. */
function orphansOf(data: string): number[] {
  const directory = realpathSync(data);
  const linkOf = (pid: string, name: string) => {
    try {
      return readlinkSync(`/proc/${pid}/${name}`);
    } catch {
      // It has ended, or belongs to another user.
      return '';
    }
  };
  return processIds()
    .filter((pid) => linkOf(pid, 'cwd') === directory && basename(linkOf(pid, 'exe')).startsWith('postgres'))
    .map(Number);
}

function processIds(): string[] {
  try {
    return readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  } catch {
    return [];
  }
}

function signalAll(pids: readonly number[], signal: NodeJS.Signals): void {
  for (const pid of pids) {
    try {
      process.kill(pid, signal);
    } catch {
      // It has just ended.
    }
  }
}

/**
 * Whether a postmaster runs on the cluster and accepts connections. The file of a killed postmaster says so
 * too.
 */
export function isReady(data: string): boolean {
  return postmasterLines(data)[7]?.trim() === 'ready' && livingPostmaster(data) !== undefined;
}

/** Returns the pid of a living postmaster of this cluster. */
function livingPostmaster(data: string): number | undefined {
  const pid = Number(postmasterLines(data)[0]);
  if (!Number.isInteger(pid) || pid <= 0) return undefined;
  try {
    process.kill(pid, 0);
  } catch {
    // It has ended, or belongs to another user and is not our postmaster.
    return undefined;
  }
  return worksElsewhere(pid, data) ? undefined : pid;
}

/** Whether a later process has the pid: it works in another directory. False without /proc. */
function worksElsewhere(pid: number, data: string): boolean {
  try {
    return readlinkSync(`/proc/${pid}/cwd`) !== realpathSync(data);
  } catch {
    return false;
  }
}

function postmasterLines(data: string): string[] {
  try {
    return readFileSync(join(data, 'postmaster.pid'), 'utf8').split('\n');
  } catch {
    return [];
  }
}
