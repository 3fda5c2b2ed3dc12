// Runs before every npm script, on Node 20 with nothing installed: plain JavaScript that imports only from
// Node.
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { withInstallLock } from './install-lock.mjs';
import { isInstallCurrent, stampInstallation } from './install-stamp.mjs';
import { nodeFault } from './node-version.mjs';
import { Interrupted, runNpmCi } from './npm-ci.mjs';

const root = resolve(fileURLToPath(import.meta.url), '../../../..');

if (!isInstallCurrent(root)) {
  try {
    await withInstallLock(root, { say, task: () => install() });
  } catch (error) {
    if (error instanceof Interrupted) process.exit(error.exitCode);
    fail(error instanceof Error ? error.message : String(error));
  }
}
const fault = nodeFault({ hasPackagedNode: existsSync(resolve(root, 'node_modules/.bin/node')) });
if (fault) fail(fault);

/** Installs, unless another process did so while this one waited for the lock. */
async function install() {
  if (isInstallCurrent(root)) return;
  const started = performance.now();
  const reason = existsSync(resolve(root, 'node_modules'))
    ? 'package-lock.json changed'
    : 'nothing installed yet';
  say(`Installing packages with npm ci (${reason}) ...`);
  await runNpmCi(root, say);
  stampInstallation(root);
  say(`Installed in ${((performance.now() - started) / 1000).toFixed(1)} s.`);
}

/** @param {string} line */
function say(line) {
  process.stderr.write(`${line}\n`);
}

/** @param {string} line @returns {never} */
function fail(line) {
  say(line);
  process.exit(1);
}
