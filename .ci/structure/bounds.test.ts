import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { measure } from './figures.ts';
import { listFiles, readSources } from './source.ts';
import { readWalks } from './walks.ts';

const paths = listFiles();
const figures = measure(paths, readSources(paths), readWalks(readFileSync('docs/architecture.md', 'utf8')));
const bounded = figures.filter(({ most }) => most !== undefined);

it('measures every figure that has a bound', () => {
  expect(bounded.length).toBeGreaterThanOrEqual(18);
});

it.each(bounded)('$name stays within its bound', ({ value, most, held = most, where }) => {
  expect(value, where?.slice(0, 20).join('\n')).toBeLessThanOrEqual(held as number);
});
