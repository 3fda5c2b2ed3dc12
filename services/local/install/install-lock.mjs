import { linkSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const POLL_MS = 200;

/**
 * Runs `task` while no other process runs one for the same checkout. Waits for a holder that lives; takes over from one that
 * died. The lock lies beside `node_modules`, which `npm ci` empties.
 * @template T
 * @param {string} root directory of `package-lock.json`
 * @param {{ say: (line: string) => void, task: () => Promise<T> }} options `say` is told once when there is somebody to wait for
 * @returns {Promise<T>} what `task` gave
 * @throws one line naming the cure when the directory cannot be written
 */
export async function withInstallLock(root, { say, task }) {
  const path = join(root, '.installing.lock');
  let waited = false;
  for (let holder = acquire(path); holder !== undefined; holder = acquire(path)) {
    if (!waited) say(`Process ${holder.split(' ')[0]} is installing here already; waiting for it.`);
    waited = true;
    await new Promise((done) => setTimeout(done, POLL_MS));
  }
  try {
    return await task();
  } finally {
    rmSync(path, { force: true });
  }
}

/**
 * Names a process so that a later one with the same pid is told apart: pid and, where /proc has it, the time it started.
 * @param {number} pid
 * @returns {string} for example `4711 889231`; `4711 ?` where the start time is not to be had
 */
export function processName(pid) {
  try {
    // The command's name, in brackets, may hold blanks; the start time is the 20th field after it.
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return `${pid} ${stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]}`;
  } catch {
    return `${pid} ?`;
  }
}

/**
 * Whether the process with this name still runs.
 * @param {string} name as `processName` gave it
 */
export function isAlive(name) {
  const pid = Number(name.split(' ')[0]);
  if (!Number.isInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code !== 'EPERM') return false;
  }
  return processName(pid) === name;
}

/**
 * Takes the lock, or names its living holder.
 * @param {string} path
 * @returns {string | undefined} undefined: it is ours
 */
function acquire(path) {
  const own = processName(process.pid);
  const draft = `${path}.${process.pid}`;
  try {
    writeFileSync(draft, own);
  } catch (error) {
    const { code } = /** @type {NodeJS.ErrnoException} */ (error);
    throw new Error(`Cannot install packages: ${path} is not writable (${code}). Run as the owner of the checkout.`);
  }
  try {
    // A link shows up under its new name whole or not at all, so a lock never lacks its holder's name.
    return createLink(draft, path) ? undefined : currentHolder(path);
  } finally {
    rmSync(draft, { force: true });
  }
}

/** The holder to wait for; a dead one's lock is removed, and the next attempt may succeed. @param {string} path */
function currentHolder(path) {
  const holder = read(path);
  if (isAlive(holder)) return holder;
  // Only who links the dead one's lock aside may remove it: else a late breaker would remove its successor's.
  const aside = `${path}.stale-${holder.replace(/\W+/g, '-')}`;
  if (createLink(path, aside)) {
    if (read(aside) === holder) rmSync(path, { force: true });
    rmSync(aside, { force: true });
  }
  return holder;
}

/** @param {string} from @param {string} to @returns {boolean} false: `to` exists, or `from` is gone */
function createLink(from, to) {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    const code = /** @type {NodeJS.ErrnoException} */ (error).code ?? '';
    if (code === 'EEXIST' || code === 'ENOENT') return false;
    throw error;
  }
}

/** @param {string} path */
function read(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
