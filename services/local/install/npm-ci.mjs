import { spawn, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { constants } from 'node:os';
import { basename, join } from 'node:path';

const TICK_MS = 10_000;
const KEPT_OUTPUT = 64 * 1024;
const STOP_SIGNALS = /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP']);
/**
 * Time for npm to end after a signal. It may undo its work for long, which the next `npm ci` does not need.
 */
const STOP_TIMEOUT_MS = 1_500;

/** A signal interrupted the installation. */
export class Interrupted extends Error {
  /** @param {NodeJS.Signals} signal */
  constructor(signal) {
    super(`interrupted by ${signal}`);
    this.name = 'Interrupted';
    /** Exit code that a shell expects after a signal: 130 for Ctrl-C. */
    this.exitCode = 128 + constants.signals[signal];
  }
}

/**
 * Runs `npm ci` with the npm that runs this script, with dev and optional packages whatever NODE_ENV says.
 * Then checks that the installed Node starts.
 * @param {string} root directory of `package-lock.json`
 * @param {(line: string) => void} say receives a line every ten seconds, and one when it is interrupted
 * @throws Interrupted when a signal stopped npm; Error with npm's reason and the cure when it failed
 */
export async function runNpmCi(root, say) {
  const { command, args } = npmCommand(process.env);
  const flags = ['ci', '--include=dev', '--include=optional', '--no-fund', '--no-audit', '--no-progress'];
  const { code, output, stoppedBy } = await run(command, { args: [...args, ...flags], cwd: root, say });
  if (stoppedBy) throw new Interrupted(stoppedBy);
  if (code !== 0) {
    throw new Error(
      `Packages could not be installed: ${npmReason(output)}. Run "npm ci" in ${root} to see it whole; start again when it passes.`,
    );
  }
  const node = join(root, 'node_modules/.bin/node');
  const probe = existsSync(node) ? spawnSync(node, ['--version'], { encoding: 'utf8' }) : undefined;
  if (probe && probe.status !== 0) {
    throw new Error(
      `The Node 24 that npm installed does not start here (${node}): a Linux with glibc is needed.`,
    );
  }
}

/**
 * Returns the command of npm: the one that runs this script when there is one.
 * @param {NodeJS.ProcessEnv} env
 * @returns {{ command: string, args: string[] }}
 */
export function npmCommand(env) {
  const path = env.npm_execpath;
  const isNpm = path !== undefined && basename(path) === 'npm-cli.js';
  return isNpm ? { command: process.execPath, args: [path] } : { command: 'npm', args: [] };
}

/**
 * Returns npm's first error lines, which have the reason.
 * @param {string} output whole output of npm
 * @returns {string} one line without npm's prefix
 */
export function npmReason(output) {
  const errors = output.split('\n').filter((line) => /^npm (error|ERR!)/.test(line));
  const words = errors.map((line) => line.replace(/^npm (error|ERR!)\s*/, '').trim());
  const [code = '', reason = ''] = words.filter(
    (line) => line !== '' && !/^(errno|syscall|path) /.test(line),
  );
  return [code, reason].filter((line) => line !== '').join(', ') || 'npm ci gave no reason';
}

/**
 * @param {string} command
 * @param {{ args: string[], cwd: string, say: (line: string) => void }} options
 * @returns {Promise<{ code: number, output: string, stoppedBy: NodeJS.Signals | undefined }>}
 */
function run(command, { args, cwd, say }) {
  return new Promise((done) => {
    const started = performance.now();
    // A separate process group, so that npm's children end with it, and Ctrl-C reaches npm only from here.
    const child = spawn(command, args, { cwd, stdio: ['ignore', 'pipe', 'pipe'], detached: true });
    const ticker = setInterval(() => say(`... still installing, ${seconds(started)} s`), TICK_MS);
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk) => {
        output = (output + chunk).slice(-KEPT_OUTPUT);
      });
    }
    /** @type {NodeJS.Signals | undefined} */
    let stoppedBy;
    // Waits until npm has stopped: an earlier exit would release the lock while npm still writes.
    /** @param {NodeJS.Signals} signal */
    const stop = (signal) => {
      if (stoppedBy) return;
      stoppedBy = signal;
      clearInterval(ticker);
      say('Interrupted; the next start installs again.');
      killGroup(child, 'SIGTERM');
      setTimeout(() => killGroup(child, 'SIGKILL'), STOP_TIMEOUT_MS).unref();
    };
    for (const signal of STOP_SIGNALS) process.on(signal, stop);
    /** @param {number} code @param {string} text */
    const finish = (code, text) => {
      clearInterval(ticker);
      for (const signal of STOP_SIGNALS) process.off(signal, stop);
      done({ code, output: text, stoppedBy });
    };
    child.on('error', (error) => finish(1, `npm error ${error.message}`));
    child.on('close', (code) => finish(code ?? 1, output));
  });
}

/** @param {import('node:child_process').ChildProcess} child @param {NodeJS.Signals} signal */
function killGroup(child, signal) {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, signal);
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code !== 'ESRCH') throw error;
  }
}

/** @param {number} since */
function seconds(since) {
  return Math.round((performance.now() - since) / 1000);
}
