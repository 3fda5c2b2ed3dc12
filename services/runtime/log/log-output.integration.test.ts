import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const PROCESS = fileURLToPath(new URL('./logging-process.test-support.ts', import.meta.url));
/** Lines of a thousand characters: more than the bound on waiting ones. */
const MANY = 3000;
const REPORT = 'log lines were dropped, because they could not be written';

const directory = mkdtempSync(join(tmpdir(), 'rollcall-full-'));
const canMount = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', directory]).status === 0;
if (canMount) spawnSync('umount', [directory]);
else
  process.stdout.write('This machine lets no file system be mounted: cases of a full disk are left out.\n');
rmSync(directory, { recursive: true });

let child: ChildProcess | undefined;

function start(stdout: number | 'pipe'): ChildProcess {
  child = spawn(process.execPath, [PROCESS], { stdio: ['ignore', stdout, 'inherit', 'ipc'] });
  return child;
}

/** @returns the number of lines that the process has dropped since it began */
async function log(lines: number): Promise<number> {
  child?.send(lines);
  const [dropped] = await once(child as ChildProcess, 'message');
  return dropped;
}

async function end(): Promise<number | null> {
  const ended = once(child as ChildProcess, 'exit');
  child?.kill('SIGTERM');
  return (await ended)[0];
}

afterEach(() => {
  child?.kill('SIGKILL');
});

interface Line {
  readonly msg: string;
  readonly dropped?: number;
}

/** @throws SyntaxError when a line is torn */
function parse(text: string): Line[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Line);
}

/** Number of missing lines, as the other lines report it. */
function countMissing(lines: readonly Line[]): number {
  return lines.reduce((sum, { msg, dropped = 0 }) => (msg === REPORT ? sum + dropped : sum), 0);
}

describe('the log of a process', () => {
  it('B5: is dropped and counted when its file takes nothing, and the process answers and ends', async () => {
    const full = openSync('/dev/full', 'w');
    start(full);
    closeSync(full);
    const dropped = await log(MANY);
    expect(dropped).toBeGreaterThan(0);
    expect(await log(10)).toBe(dropped + 10);
    expect(await end()).toBe(0);
  });

  it('B5: is dropped and counted while the reader of its pipe hangs, and one line reports how many', async () => {
    const { stdout } = start('pipe');
    const dropped = await log(MANY);
    expect(dropped).toBeGreaterThan(0);
    let text = '';
    stdout?.on('data', (chunk) => {
      text += chunk;
    });
    while (!text.includes(REPORT)) await sleep(10);
    await log(1);
    expect(await end()).toBe(0);
    const lines = parse(text);
    expect(lines.filter(({ msg }) => msg === 'a line')).toHaveLength(MANY - dropped + 1);
    expect(countMissing(lines)).toBe(dropped);
  });

  it('B5: does not keep a process from ending while the reader of its pipe hangs', async () => {
    start('pipe');
    await log(MANY);
    expect(await end()).toBe(0);
  });

  it('B5: is dropped and counted once the reader of its pipe has exited', async () => {
    start('pipe').stdout?.destroy();
    const dropped = await log(MANY);
    expect(dropped).toBeGreaterThan(0);
    expect(await log(10)).toBe(dropped + 10);
    expect(await end()).toBe(0);
  });
});

describe.skipIf(!canMount)('a log on a full disk', () => {
  let disk = '';
  let path = '';

  beforeEach(() => {
    disk = mkdtempSync(join(tmpdir(), 'rollcall-full-'));
    spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', disk]);
    path = join(disk, 'x.log');
  });

  afterEach(async () => {
    if (child?.exitCode === null && child.signalCode === null) await end();
    spawnSync('umount', ['-l', disk]);
    rmSync(disk, { recursive: true });
  });

  it('B5: continues once there is space, reports the number of missing lines, and has no torn line', async () => {
    const file = openSync(path, 'a');
    start(file);
    closeSync(file);
    await log(MANY);
    const dropped = await log(MANY);
    expect(await log(10)).toBe(dropped + 10);
    spawnSync('mount', ['-o', 'remount,size=8m', disk]);
    while (!readFileSync(path, 'utf8').includes(REPORT)) await sleep(10);
    expect(await end()).toBe(0);
    const lines = parse(readFileSync(path, 'utf8'));
    expect(lines.filter(({ msg }) => msg === 'a line')).toHaveLength(2 * MANY - dropped);
    expect(countMissing(lines)).toBe(dropped + 10);
  });

  it('B5: lets the process end while the disk is full', async () => {
    const file = openSync(path, 'a');
    start(file);
    closeSync(file);
    await log(MANY);
    expect(await end()).toBe(0);
  });
});
