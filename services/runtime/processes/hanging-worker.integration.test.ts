import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const MAIN = fileURLToPath(new URL('./two-workers.test-support.ts', import.meta.url));

interface Line {
  readonly msg: string;
  readonly pid?: number;
  readonly how?: string;
  readonly pids?: readonly number[];
}

it('B5: a worker that hangs is killed and replaced', { timeout: 60_000 }, async () => {
  const child = spawn(process.execPath, [MAIN], { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = once(child, 'exit');
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  const next = async (msg: string): Promise<Line> => {
    for (;;) {
      const { value, done } = await lines.next();
      if (done) throw new Error(`It ended without saying "${msg}".`);
      const line = JSON.parse(value) as Line;
      if (line.msg === msg) return line;
    }
  };
  const { pids = [] } = await next('workers');
  const [pid] = pids;
  expect(pids).toHaveLength(2);
  process.kill(pid as number, 'SIGSTOP');
  expect(await next('a worker does not answer any more and is killed')).toMatchObject({ pid });
  expect(await next('a worker ended and is replaced')).toMatchObject({ pid, how: 'signal SIGKILL' });
  child.kill('SIGTERM');
  expect(await ended).toEqual([0, null]);
});
