import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { acquireProcessLock, isAlive, processName, releaseProcessLock } from './process-lock.mjs';

const MODULE = fileURLToPath(new URL('./process-lock.mjs', import.meta.url));

/**
 * Adds one to the number in a file, many times, each time holding the lock: a lost update shows that two held
 * it at once.
 */
const COUNTER = `
import { readFileSync, writeFileSync } from 'node:fs';
import { acquireProcessLock, releaseProcessLock } from ${JSON.stringify(MODULE)};
const [lock, counter] = process.argv.slice(-2);
for (let turn = 0; turn < 50; turn++) {
  while (acquireProcessLock(lock) !== undefined) await new Promise((done) => setTimeout(done, 1));
  writeFileSync(counter, String(Number(readFileSync(counter, 'utf8')) + 1));
  releaseProcessLock(lock);
}`;

describe('the process lock', () => {
  let directory = '';
  let lock = '';

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'rollcall-lock-'));
    lock = join(directory, 'lock');
  });

  afterEach(() => {
    rmSync(directory, { recursive: true });
  });

  it('is taken, names its holder to the next, and is free again after its release', () => {
    expect(acquireProcessLock(lock)).toBeUndefined();
    expect(acquireProcessLock(lock)).toBe(processName(process.pid));
    releaseProcessLock(lock);
    expect(readdirSync(directory)).toEqual([]);
    expect(acquireProcessLock(lock)).toBeUndefined();
  });

  it('is taken over from a holder that was killed', async () => {
    const holder = runScript(
      `import { acquireProcessLock } from ${JSON.stringify(MODULE)};
       acquireProcessLock(process.argv.at(-1)); console.log('held'); setInterval(() => {}, 1000);`,
      [lock],
    );
    await once(holder.stdout ?? holder, 'data');
    expect(acquireProcessLock(lock)).toBe(processName(holder.pid ?? 0));
    holder.kill('SIGKILL');
    await once(holder, 'exit');
    expect(acquireProcessLock(lock)).toBeUndefined();
  });

  it('is not given back by who does not hold it', () => {
    writeFileSync(lock, processName(1));
    releaseProcessLock(lock);
    expect(existsSync(lock)).toBe(true);
  });

  it('never lets two hold it, also where many find the lock of a dead process at once', async () => {
    const counter = join(directory, 'counter');
    writeFileSync(counter, '0');
    writeFileSync(lock, '2147483646 1');
    const workers = Array.from({ length: 4 }, () => runScript(COUNTER, [lock, counter]));
    const codes = await Promise.all(workers.map(async (worker) => (await once(worker, 'exit'))[0]));
    expect(codes).toEqual([0, 0, 0, 0]);
    expect(readFileSync(counter, 'utf8')).toBe('200');
  });

  it('tells a process from a later one with the same pid', () => {
    expect(isAlive(processName(process.pid))).toBe(true);
    expect(isAlive('')).toBe(false);
    expect(isAlive('2147483646 1')).toBe(false);
    expect(isAlive(`${process.pid} 1`)).toBe(!existsSync('/proc/self/stat'));
  });
});

function runScript(script: string, args: string[]): ChildProcess {
  const flags = ['--input-type=module', '--eval', script, '--', ...args];
  return spawn(process.execPath, flags, { stdio: ['ignore', 'pipe', 'inherit'] });
}
