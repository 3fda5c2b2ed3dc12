import { join } from 'node:path';
import { acquireProcessLock, releaseProcessLock } from './process-lock.mjs';

const POLL_MS = 200;

/**
 * Runs `task` under a lock of the checkout. Waits for a living holder and takes over from a dead one. The
 * lock file lies beside `node_modules`, which `npm ci` empties.
 * @template T
 * @param {string} root directory of `package-lock.json`
 * @param {{ say: (line: string) => void, task: () => Promise<T> }} options `say` receives one line when
 * another process holds the lock
 * @returns {Promise<T>} result of `task`
 * @throws Error with the cure when the directory cannot be written
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
    releaseProcessLock(path);
  }
}

/** @param {string} path */
function acquire(path) {
  try {
    return acquireProcessLock(path);
  } catch (error) {
    const { code } = /** @type {NodeJS.ErrnoException} */ (error);
    throw new Error(
      `Packages cannot be installed: ${path} is not writable (${code}). Run as the owner of the checkout.`,
    );
  }
}
