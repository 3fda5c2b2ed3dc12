import { linkSync, readFileSync, rmSync, writeFileSync } from 'node:fs';

/**
 * Acquires the lock file at `path`, or returns the living process that holds it. The lock of a dead holder is
 * taken over.
 * @param {string} path in a directory that exists
 * @returns {string | undefined} undefined when acquired, until `releaseProcessLock`; otherwise the holder's
 * name, pid first
 * @throws the file system's error when the directory cannot be written
 */
export function acquireProcessLock(path) {
  const draft = `${path}.${process.pid}`;
  writeFileSync(draft, processName(process.pid));
  try {
    // A link appears atomically, so that a lock always has its holder's name.
    for (;;) {
      if (createLink(draft, path)) return undefined;
      const holder = read(path);
      if (isAlive(holder)) return holder;
      breakStaleLock(path, holder);
    }
  } finally {
    rmSync(draft, { force: true });
  }
}

/**
 * Releases a lock that this process holds.
 * @param {string} path path that was acquired
 */
export function releaseProcessLock(path) {
  if (read(path) === processName(process.pid)) rmSync(path, { force: true });
}

/**
 * Names a process by its pid and start time, so that a later process with the same pid has another name.
 * @param {number} pid
 * @returns {string} for example `4711 889231`; `4711 ?` without /proc
 */
export function processName(pid) {
  try {
    // The command's name, in brackets, may contain spaces. The start time is the 20th field after it.
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
 * Removes the lock of a dead holder. Only the process that links it aside may remove it: a late one would
 * remove the successor's lock.
 * @param {string} path @param {string} holder
 */
function breakStaleLock(path, holder) {
  const aside = `${path}.stale-${holder.replace(/\W+/g, '-')}`;
  if (!createLink(path, aside)) return;
  if (read(aside) === holder) rmSync(path, { force: true });
  rmSync(aside, { force: true });
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
