import { spawn, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { basename, join } from 'node:path';

const STILL_HERE_MS = 10_000;
const KEPT_OUTPUT = 64 * 1024;
const STOP_SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'];

/**
 * Runs `npm ci` with the npm that runs this script, dev and optional packages included whatever NODE_ENV says, and sees that the
 * Node it brought starts.
 * @param {string} root directory of `package-lock.json`
 * @param {(line: string) => void} say told every ten seconds that it still runs
 * @throws one line with npm's reason and the cure
 */
export async function runNpmCi(root, say) {
  const { command, args } = npmCommand(process.env);
  const flags = ['ci', '--include=dev', '--include=optional', '--no-fund', '--no-audit', '--no-progress'];
  const { code, output } = await run(command, { args: [...args, ...flags], cwd: root, say });
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
 * How to call npm: the one that runs this script where there is one, so that a person's choice of npm counts.
 * @param {NodeJS.ProcessEnv} env
 * @returns {{ command: string, args: string[] }}
 */
export function npmCommand(env) {
  const path = env.npm_execpath;
  const isNpm = path !== undefined && basename(path) === 'npm-cli.js';
  return isNpm ? { command: process.execPath, args: [path] } : { command: 'npm', args: [] };
}

/**
 * npm's first words on why it failed, which are the useful ones.
 * @param {string} output everything it wrote
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
 * @returns {Promise<{ code: number, output: string }>}
 */
function run(command, { args, cwd, say }) {
  return new Promise((done) => {
    const started = Date.now();
    const child = spawn(command, args, { cwd, stdio: ['ignore', 'pipe', 'pipe'] });
    const ticker = setInterval(() => say(`... still installing, ${seconds(started)} s`), STILL_HERE_MS);
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk) => {
        output = (output + chunk).slice(-KEPT_OUTPUT);
      });
    }
    // Stay until npm has stopped: leaving first would free the lock while it still writes.
    const stop = () => void child.kill();
    for (const signal of STOP_SIGNALS) process.on(signal, stop);
    /** @param {number} code @param {string} text */
    const finish = (code, text) => {
      clearInterval(ticker);
      for (const signal of STOP_SIGNALS) process.off(signal, stop);
      done({ code, output: text });
    };
    child.on('error', (error) => finish(1, `npm error ${error.message}`));
    child.on('close', (code) => finish(code ?? 1, output));
  });
}

/** @param {number} since */
function seconds(since) {
  return Math.round((Date.now() - since) / 1000);
}
