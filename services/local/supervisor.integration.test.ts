import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ServiceSpec } from './service-process.ts';
import { superviseService } from './supervisor.ts';

const ENTRY = fileURLToPath(new URL('./testing/stand-in-service.ts', import.meta.url));

describe('a supervised service', () => {
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
      await using service = superviseService(spec, say);
      await service.ready;
      expect(await pid()).toBeGreaterThan(0);
    }
    expect(await pid()).toBeUndefined();
    expect(log()).toContain('ended by SIGTERM');
    expect(said).toEqual([]);
  });

  it('is started again after it was killed, and says so', async () => {
    await using service = superviseService(spec, say);
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
    await using service = superviseService(spec, say);
    await service.ready;
    await fetch(`http://127.0.0.1:${spec.httpPort}/crash`).catch(() => {});
    await until(() => said.length === 2);
    expect(said[0]).toBe(
      'stand-in ended (exit code 1): Error: the roof fell in. Starting it again in 0.25 s.',
    );
  });

  it('rejects with its own words where it cannot start at all', async () => {
    const env = { ...spec.env, STAND_IN_FAULT: 'STAND_IN_PORT must be odd' };
    await using service = superviseService({ ...spec, env }, say);
    await expect(service.ready).rejects.toThrow('stand-in did not start: STAND_IN_PORT must be odd');
    expect(said).toEqual([]);
  });

  it('can be disposed of while it waits to be started again', async () => {
    {
      await using service = superviseService(spec, say);
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
