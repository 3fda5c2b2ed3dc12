import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { isProcessAlive } from '@rollcall/runtime';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ServiceSpec } from './service-process.ts';
import { superviseService } from './supervisor.ts';

const ENTRY = fileURLToPath(new URL('../testing/stand-in-service.ts', import.meta.url));

/** Longer than a busy machine needs for an answer. */
const SOON = { everyMs: 50, timeoutMs: 1000, misses: 3, silentMs: 1500 };

describe('a supervised service', { timeout: 60_000 }, () => {
  let directory = '';
  let spec: ServiceSpec;
  let said: string[];
  const say = (line: string) => said.push(line);

  beforeEach(async () => {
    directory = mkdtempSync(join(tmpdir(), 'rollcall-service-'));
    said = [];
    const port = await freePort();
    spec = {
      name: 'stand-in',
      entry: ENTRY,
      env: { ...process.env, STAND_IN_PORT: String(port) },
      httpPort: port,
      logDirectory: directory,
    };
  });

  afterEach(() => {
    rmSync(directory, { recursive: true });
  });

  it('is ready once it answers, and is told to end when it is disposed of', async () => {
    {
      await using service = superviseService(spec, { say });
      await service.ready;
      expect(await pid()).toBeGreaterThan(0);
    }
    expect(await pid()).toBeUndefined();
    expect(log()).toContain('ended by SIGTERM');
    expect(said).toEqual([]);
  });

  it('is started again after it was killed, and says so', async () => {
    await using service = superviseService(spec, { say });
    await service.ready;
    const first = await pid();
    process.kill(first ?? 0, 'SIGKILL');
    await until(() => said.length === 2);
    expect(said).toEqual([
      'stand-in ended (signal SIGKILL). Starting it again in 0.25 s.',
      'stand-in is ready again.',
    ]);
    expect(await pid()).not.toBe(first);
  });

  it('tells the error that ended it', async () => {
    await using service = superviseService(spec, { say });
    await service.ready;
    await fetch(`http://127.0.0.1:${spec.httpPort}/crash`).catch(() => {});
    await until(() => said.length === 2);
    expect(said[0]).toBe(
      'stand-in ended (exit code 1): Error: the roof fell in. Starting it again in 0.25 s.',
    );
  });

  it('rejects with its own words where it cannot start at all', async () => {
    const env = { ...spec.env, STAND_IN_FAULT: 'STAND_IN_PORT must be odd' };
    await using service = superviseService({ ...spec, env }, { say });
    await expect(service.ready).rejects.toThrow('stand-in did not start: STAND_IN_PORT must be odd');
    expect(said).toEqual([]);
  });

  it('rejects with every fault of its settings, a line for each', async () => {
    const env = { ...spec.env, STAND_IN_FAULT: 'STAND_IN_PORT must be odd\nSTAND_IN_NEEDS must be a file' };
    await using service = superviseService({ ...spec, env }, { say });
    await expect(service.ready).rejects.toThrow(
      'stand-in did not start:\n  STAND_IN_PORT must be odd\n  STAND_IN_NEEDS must be a file',
    );
  });

  it('B5: is killed and started again when it hangs, its workers included, and says so', async () => {
    await using service = superviseService(spec, { say, hang: SOON });
    await service.ready;
    const [first, worker] = [await pid(), await workerPid()];
    for (const each of [first, worker]) process.kill(each ?? 0, 'SIGSTOP');
    await until(() => said.length === 2);
    expect(said).toEqual([
      'stand-in did not answer any more and was killed. Starting it again in 0.25 s.',
      'stand-in is ready again.',
    ]);
    expect(await pid()).not.toBe(first);
    await until(() => !isProcessAlive(worker ?? 0));
  });

  it('B5: is left alone while it is slow, or not ready because what it depends on is away', async () => {
    await using service = superviseService(spec, { say, hang: SOON });
    await service.ready;
    const first = await pid();
    await fetch(`http://127.0.0.1:${spec.httpPort}/slow`);
    await sleep(2 * SOON.silentMs);
    expect([await pid(), said]).toEqual([first, []]);
  });

  it('B12: is started again however often it ends', async () => {
    await using service = superviseService(spec, { say });
    await service.ready;
    for (let ends = 1; ends <= 6; ends++) {
      while ((await pid()) === undefined) await sleep(10);
      process.kill((await pid()) ?? 0, 'SIGKILL');
      await until(() => said.filter((line) => line.includes('Starting it again')).length === ends);
    }
    expect(said.at(-1)).toContain('Starting it again in 8 s.');
  });

  it('B10: tells the last line of this run, never what was logged before it', async () => {
    writeFileSync(join(directory, 'stand-in.log'), '{"level":"error","msg":"an older run"}\n');
    await using service = superviseService(spec, { say });
    await service.ready;
    for (const [level, msg] of [
      ['error', 'long ago'],
      ['info', 'just now. '],
    ])
      await fetch(`http://127.0.0.1:${spec.httpPort}/log?${JSON.stringify({ level, msg })}`);
    process.kill((await pid()) ?? 0, 'SIGKILL');
    await until(() => said.length === 2);
    process.kill((await pid()) ?? 0, 'SIGKILL');
    await until(() => said.length === 4);
    expect([said[0], said[2]]).toEqual([
      'stand-in ended (signal SIGKILL), its last log line: just now. Starting it again in 0.25 s.',
      'stand-in ended (signal SIGKILL). Starting it again in 0.5 s.',
    ]);
  });

  it('B5: runs without a log where that cannot be opened, and is started again although its log is gone', async () => {
    await using service = superviseService(spec, { say });
    await service.ready;
    rmSync(join(directory, 'stand-in.log'));
    mkdirSync(join(directory, 'stand-in.log'));
    process.kill((await pid()) ?? 0, 'SIGKILL');
    await until(() => said.length === 3);
    expect(said[1]).toContain('stand-in runs without a log, which cannot be opened: EISDIR');
    expect(said[2]).toBe('stand-in is ready again.');
  });

  it('B12: is tried again where its first start failed because its database was away', async () => {
    const marker = join(directory, 'database-is-there');
    const env = { ...spec.env, STAND_IN_NEEDS: marker };
    const isExcused = () => !existsSync(marker);
    await using service = superviseService({ ...spec, env }, { say, wasDatabaseAway: isExcused });
    await until(() => said.length === 2);
    writeFileSync(marker, '');
    await service.ready;
    expect(said[0]).toBe(`stand-in did not start: ${marker} is missing. Starting it again in 0.25 s.`);
  });

  it('B10: tells why it cannot start although its log takes nothing', async () => {
    symlinkSync('/dev/full', join(directory, 'stand-in.log'));
    const env = { ...spec.env, STAND_IN_FAULT: 'STAND_IN_PORT must be odd' };
    await using service = superviseService({ ...spec, env }, { say });
    await expect(service.ready).rejects.toThrow('stand-in did not start: STAND_IN_PORT must be odd');
  });

  it('can be disposed of while it waits to be started again', async () => {
    {
      await using service = superviseService(spec, { say });
      await service.ready;
      process.kill((await pid()) ?? 0, 'SIGKILL');
      await until(() => said.length === 1);
    }
    await sleep(400);
    expect(await pid()).toBeUndefined();
    expect(said).toHaveLength(1);
  });

  async function pid(): Promise<number | undefined> {
    const answer = await fetch(`http://127.0.0.1:${spec.httpPort}/readyz`).catch(() => undefined);
    return answer && Number(await answer.text());
  }

  async function workerPid(): Promise<number> {
    return Number(await (await fetch(`http://127.0.0.1:${spec.httpPort}/worker`)).text());
  }

  function log(): string {
    return readFileSync(join(directory, 'stand-in.log'), 'utf8');
  }
});

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await sleep(10);
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
