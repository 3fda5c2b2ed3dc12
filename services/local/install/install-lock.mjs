import { join } from 'node:path';
import { acquireProcessLock, releaseProcessLock } from './process-lock.mjs';

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
