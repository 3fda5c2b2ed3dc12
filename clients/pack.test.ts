import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const script = fileURLToPath(new URL('pack.mjs', import.meta.url));

it.each([[[]], [['--out']], [['--out', '']], [['--into', 'x']], [['x']]])(
  'packing with %j says in a line what to give',
  (args) => {
    const { status, stdout, stderr } = spawnSync(process.execPath, [script, ...args], { encoding: 'utf8' });
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
    expect(stderr).toMatch(/^(?:.+\n)?Say where the tarballs go: npm run pack -- --out DIRECTORY\n$/);
  },
);
