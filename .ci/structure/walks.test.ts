import { existsSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { readWalks } from './walks.ts';

const top = new URL('../../', import.meta.url);
const walks = readWalks(readFileSync(new URL('docs/architecture.md', top), 'utf8'));

it('docs/architecture.md walks through a GetUser, a change, a webhook and a page of bookings', () => {
  const names = ['A GetUser', 'A change of a user', 'A webhook', 'A page of bookings'];
  expect(walks.map(({ name }) => name)).toEqual(names);
});

it.each(walks)('$name names files that exist', ({ files }) => {
  expect(files.length).toBeGreaterThan(2);
  expect(files.filter((file) => !existsSync(new URL(file, top)))).toEqual([]);
});
