import { existsSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { readWalks } from './walks.ts';

const top = new URL('../../', import.meta.url);
const walks = readWalks(readFileSync(new URL('docs/architecture.md', top), 'utf8'));

it('docs/architecture.md walks through a GetUser, a webhook and a page of bookings', () => {
  expect(walks.map(({ name }) => name)).toEqual(['A GetUser', 'A webhook', 'A page of bookings']);
});

it.each(walks)('$name names files that exist', ({ files }) => {
  expect(files.length).toBeGreaterThan(10);
  expect(files.filter((file) => !existsSync(new URL(file, top)))).toEqual([]);
});
