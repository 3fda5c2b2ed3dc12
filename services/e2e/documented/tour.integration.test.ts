import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createTestDatabase } from '@rollcall/runtime/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startService } from '../testing/process.ts';
import { createAnswerCheck, readTour, type TourStep } from './tour.test-support.ts';

const top = fileURLToPath(new URL('../../..', import.meta.url));
const steps = readTour(readFileSync(`${top}docs/tour.md`, 'utf8'));
const check = createAnswerCheck();

// Between what one block prints and what the next one does.
const SEPARATOR = '\u001e';

const stack = new AsyncDisposableStack();
let printed: string[] = [];
let status: number | null;

// The blocks need what those before them leave in the shell, so that all run before the first is looked at.
beforeAll(async () => {
  const database = stack.use(await createTestDatabase('auth'));
  const mails = await mkdtemp(join(tmpdir(), 'rollcall-tour-'));
  stack.defer(() => rm(mails, { recursive: true }));
  const auth = stack.use(
    await startService('auth', { AUTH_DATABASE_URL: database.url, AUTH_MAIL_DIRECTORY: mails }),
  );
  const script = scriptOf(steps)
    .replaceAll(':50051', `:${auth.grpcPort}`)
    .replaceAll(':8081', `:${auth.httpPort}`)
    .replaceAll('.rollcall/mail', mails);
  const run = await runShell(script);
  status = run.status;
  printed = run.output.split(SEPARATOR);
}, 180_000);

afterAll(() => stack.disposeAsync());

describe('docs/tour.md', () => {
  it('shows what comes of every step but the two that prepare others', () => {
    expect(steps.filter(({ answer }) => !answer).map(({ shell }) => shell.split('=')[0])).toEqual([
      'PATH',
      'CURSOR',
    ]);
    expect(steps.length).toBeGreaterThan(30);
  });

  it('runs to its end', () => {
    expect({ status, steps: printed.length - 1, last: status === 0 ? '' : printed.at(-1) }).toEqual({
      status: 0,
      steps: steps.length,
      last: '',
    });
  });

  // In order: an id that a step shows first must come again where later ones show it.
  it.each(steps.map((step, index) => ({ ...step, index })).filter(({ answer }) => answer))(
    'answers as it says in line $line',
    ({ index, answer, language }) => {
      check({ language, shown: answer ?? '', printed: printed[index] ?? '' });
    },
  );
});

function scriptOf(blocks: readonly TourStep[]): string {
  return ['exec 2>&1', ...blocks.map(({ shell }) => `${shell}printf '${SEPARATOR}'`)].join('\n');
}

// Every command must succeed but those whose refusal the tour itself takes up.
async function runShell(script: string): Promise<{ status: number | null; output: string }> {
  const child = spawn('bash', ['-euo', 'pipefail', '-c', script], {
    cwd: top,
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: 150_000,
  });
  const chunks: string[] = [];
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => chunks.push(String(chunk)));
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject).once('close', resolve);
  });
  return { status: code, output: chunks.join('') };
}
