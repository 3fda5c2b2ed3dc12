import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * One package of package-lock.json.
 * @typedef {{ version?: string, integrity?: string, resolved?: string, link?: boolean, optional?: boolean }}
 * LockEntry
 */

/**
 * Whether `node_modules` is what `package-lock.json` asks for. Costs one hash when the stamp of an earlier
 * installation fits. Otherwise npm's own record is compared, so that `npm ci` or `npm install` by hand counts
 * too.
 * @param {string} root directory of `package-lock.json`
 * @returns {boolean} false also when either file is missing or cannot be read as JSON
 */
export function isInstallCurrent(root) {
  if (readText(stampPath(root)) === installationKey(root)) return true;
  if (!recordFits(root)) return false;
  stampInstallation(root);
  return true;
}

/**
 * Notes in `node_modules` which lock file it was installed from. `npm ci` empties `node_modules` first, stamp
 * included, so an interrupted one leaves none.
 * @param {string} root directory of `package-lock.json`
 */
export function stampInstallation(root) {
  try {
    writeFileSync(stampPath(root), installationKey(root));
  } catch (error) {
    // A read-only node_modules that is in step needs no stamp: the next start compares the record again.
    if (!isReadOnly(error)) throw error;
  }
}

/**
 * The packages that `wanted` asks for and `installed` does not hold in the same version. Optional packages
 * may be missing: npm leaves out those of other platforms.
 * @param {Record<string, LockEntry>} wanted `packages` of package-lock.json
 * @param {Record<string, LockEntry>} installed `packages` of node_modules/.package-lock.json
 * @returns {string[]} their places, such as `node_modules/pg`; empty when all is there
 */
export function missingPackages(wanted, installed) {
  const places = Object.keys(wanted).filter((place) => place !== '');
  return places.filter((place) => !fits(wanted[place], installed[place]));
}

/** @param {LockEntry | undefined} want @param {LockEntry | undefined} have */
function fits(want, have) {
  if (!have) return want?.optional === true;
  if (want?.link || have.link) return want?.link === have.link && want?.resolved === have.resolved;
  return want?.version === have.version && want?.integrity === have.integrity;
}

/** @param {string} root */
function recordFits(root) {
  try {
    const wanted = JSON.parse(readText(join(root, 'package-lock.json')));
    const installed = JSON.parse(readText(join(root, 'node_modules/.package-lock.json')));
    return missingPackages(wanted.packages, installed.packages).length === 0;
  } catch {
    return false;
  }
}

/** The platform is part of it: a checkout may be mounted into a container of another. @param {string} root */
function installationKey(root) {
  const lock = createHash('sha256')
    .update(readText(join(root, 'package-lock.json')))
    .digest('hex');
  return `${lock} ${process.platform} ${process.arch}\n`;
}

/** @param {string} root */
function stampPath(root) {
  return join(root, 'node_modules/.rollcall-installed');
}

/** @param {string} path */
function readText(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

/** @param {unknown} error */
function isReadOnly(error) {
  const code = /** @type {NodeJS.ErrnoException} */ (error).code ?? '';
  return ['EACCES', 'EROFS', 'EPERM'].includes(code);
}
