import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const INSTALL = fileURLToPath(new URL('.', import.meta.url));

/**
 * Stands for npm, which this test must not let loose on the network: notes its call and installs one empty
 * directory.
 */
const NPM = `
const { appendFileSync, mkdirSync, rmSync } = require('node:fs');
appendFileSync('calls', process.argv.slice(2).join(' ') + '\\n');
if (process.env.NPM_IS_DEAF) process.on('SIGTERM', () => appendFileSync('calls', 'told to end: ' + process.pid + '\\n'));
rmSync('node_modules', { recursive: true, force: true });
mkdirSync('node_modules');
if (process.env.NPM_HANGS) setInterval(() => {}, 1000);
else if (process.env.NPM_FAILS) {
  console.error('npm error code ENOTFOUND\\nnpm error network no such host');
  process.exitCode = 1;
}
else setTimeout(() => {}, 300);
`;

describe('ensure-installed', () => {
  let root = '';

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'rollcall-install-'));
    cpSync(INSTALL, join(root, 'services/local/install'), { recursive: true });
    writeFileSync(join(root, 'package-lock.json'), JSON.stringify({ packages: {} }));
    writeFileSync(join(root, 'npm-cli.js'), NPM);
  });

  afterEach(() => {
    rmSync(root, { recursive: true });
  });

  it('installs once, and then has nothing to do until the lock file changes', async () => {
    expect((await run()).stderr).toMatch(
      /^Installing packages .*nothing installed yet.*\nInstalled in \d+\.\d s\.\n$/,
    );
    expect(await run()).toEqual({ code: 0, stderr: '' });
    expect(calls()).toHaveLength(1);
    writeFileSync(join(root, 'package-lock.json'), JSON.stringify({ packages: {}, changed: true }));
    expect((await run()).stderr).toContain('package-lock.json changed');
    expect(calls()).toHaveLength(2);
  });

  it('runs npm once for several starts at the same moment', async () => {
    const runs = await Promise.all([run(), run(), run()]);
    expect(runs.map(({ code }) => code)).toEqual([0, 0, 0]);
    expect(calls()).toEqual(['ci --include=dev --include=optional --no-fund --no-audit --no-progress']);
  });

  it('ends with one line that gives the reason and the cure when npm fails, and tries again next time', async () => {
    const { code, stderr } = await run({ NPM_FAILS: '1' });
    expect(code).toBe(1);
    const [, line, ...rest] = stderr.split('\n');
    expect(line).toBe(
      `Packages could not be installed: code ENOTFOUND, network no such host. Run "npm ci" in ${root} to see it whole; start again when it passes.`,
    );
    expect(rest).toEqual(['']);
    expect(await run()).toMatchObject({ code: 0 });
  });

  it('installs anew after it was stopped half-way', async () => {
    const child = start({ NPM_HANGS: '1' });
    const stderr = text(child.stderr);
    while (!existsSync(join(root, 'node_modules'))) await new Promise((done) => setTimeout(done, 10));
    child.kill('SIGTERM');
    expect(await once(child, 'exit')).toEqual([143, null]);
    expect(await stderr).toMatch(/^Installing packages .*\nInterrupted; the next start installs again\.\n$/);
    expect(existsSync(join(root, '.installing.lock'))).toBe(false);
    expect((await run()).stderr).toContain('Installed in');
  });

  it('leaves no npm behind that does not end when it is told to', async () => {
    const child = start({ NPM_HANGS: '1', NPM_IS_DEAF: '1' });
    const stderr = text(child.stderr);
    while (!existsSync(join(root, 'node_modules'))) await new Promise((done) => setTimeout(done, 10));
    child.kill('SIGINT');
    expect(await once(child, 'exit')).toEqual([130, null]);
    expect(await stderr).toContain('Interrupted; the next start installs again.');
    const [, pid] = /^told to end: (\d+)$/.exec(calls().at(-1) ?? '') ?? [];
    expect(() => process.kill(Number(pid), 0)).toThrow('ESRCH');
  });

  function start(env: NodeJS.ProcessEnv = {}) {
    return spawn(process.execPath, [join(root, 'services/local/install/ensure-installed.mjs')], {
      env: { ...process.env, npm_execpath: join(root, 'npm-cli.js'), ...env },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
  }

  async function run(env?: NodeJS.ProcessEnv) {
    const child = start(env);
    const [stderr, [code]] = await Promise.all([text(child.stderr), once(child, 'exit')]);
    return { code, stderr };
  }

  function calls(): string[] {
    return readFileSync(join(root, 'calls'), 'utf8').trim().split('\n');
  }
});
