import { create } from '@bufbuild/protobuf';
import { UserSchema } from '@rollcall/contract/user';
import { createLogger } from '@rollcall/runtime';
import type { UserLookup } from '@rollcall/user-client';
import { describe, expect, it } from 'vitest';
import { createOutageLog } from './remote-users.ts';

const id = '019c0000-0000-7000-8000-000000000001';
const degraded = { reason: 'breaker_open', cause: new Error('down') } as const;
const known = { id, outcome: 'found', user: create(UserSchema, { id }), version: 1n, ageMs: 0 } as const;

const STALE: UserLookup = { ...known, source: 'stale', degraded };
const CACHED: UserLookup = { ...known, source: 'cache' };
const FRESH: UserLookup = { ...known, source: 'service' };
const UNAVAILABLE: UserLookup = { id, outcome: 'unavailable', degraded };
const MISSING: UserLookup = { id, outcome: 'missing', source: 'service', ageMs: 0 };

/** Returns the levels of the lines that are logged for these results in sequence. */
function levelsAfter(answers: UserLookup[][]): string[] {
  const lines: string[] = [];
  const write = (line: string) => void lines.push(line);
  const note = createOutageLog(createLogger({ service: 'test', level: 'trace' }, { write }));
  for (const answer of answers) note(answer);
  return lines.map((line) => JSON.parse(line).level);
}

describe('an outage log', () => {
  it('logs nothing while the user service answers', () => {
    expect(levelsAfter([[FRESH], [CACHED, MISSING], []])).toEqual([]);
  });

  it.each([
    ['stale users', STALE],
    ['users that are not cached', UNAVAILABLE],
  ])('warns once of an outage that shows by %s, and logs its end', (_what, unavailable) => {
    expect(levelsAfter([[CACHED, unavailable], [unavailable], [FRESH], [FRESH]])).toEqual(['warn', 'info']);
  });

  it('does not take a cached result for the end of an outage', () => {
    expect(levelsAfter([[STALE], [CACHED], []])).toEqual(['warn']);
  });

  it('takes a missing user for the end of an outage', () => {
    expect(levelsAfter([[UNAVAILABLE], [MISSING], [STALE]])).toEqual(['warn', 'info', 'warn']);
  });
});
