import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '@rollcall/local';
import { expect, it } from 'vitest';
import { startPrimary } from '../testing/replica.ts';

const FEED = fileURLToPath(new URL('../../auth/feed/main.ts', import.meta.url));

async function feedOf(postgres: EmbeddedPostgres): Promise<string> {
  const env = { ...process.env, AUTH_DATABASE_URL: postgres.databaseUrl('auth') };
  return (await promisify(execFile)(process.execPath, [FEED, 'show'], { env })).stdout;
}

async function end(postgres: EmbeddedPostgres, signal: 'SIGINT' | 'SIGQUIT'): Promise<void> {
  const [pid] = readFileSync(join(postgres.location, 'postmaster.pid'), 'utf8').split('\n');
  process.kill(Number(pid), signal);
  await postgres.ended;
}

it('A1: the feed is the same after a regular restart of the database, and another one after a crash', {
  timeout: 60_000,
}, async () => {
  await using stack = new AsyncDisposableStack();
  const first = stack.use(await startPrimary());
  const start = () => startEmbeddedPostgres({ dataDirectory: first.dataDirectory, port: 0 });
  const before = await feedOf(first);
  await end(first, 'SIGINT');
  const second = stack.use(await start());
  expect(await feedOf(second)).toBe(before);
  // Transaction ids whose log was not on the disk yet are given out again.
  await end(second, 'SIGQUIT');
  const third = stack.use(await start());
  const after = await feedOf(third);
  expect(after).not.toBe(before);
  expect(after.split('-').slice(0, 3)).toEqual(before.split('-').slice(0, 3));
});
