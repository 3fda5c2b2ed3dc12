import { create } from '@bufbuild/protobuf';
import { UserSchema, UserState } from '@rollcall/contract/user';
import { describe, expect, it } from 'vitest';
import { toFreshLookup, toLookup, toOutcome } from './to-lookup.ts';

const NOW_MS = 5_000;
const READ_AT_MS = 1_000;

describe('the lookup of a known user', () => {
  it.each([
    [UserState.ACTIVE, 'found'],
    [UserState.SUSPENDED, 'found'],
    [UserState.DELETED, 'deleted'],
  ] as const)('in state %s is the outcome %s, from every source', (state, outcome) => {
    const user = create(UserSchema, { id: 'u1', state, version: 7n });
    const expected = { outcome, user, version: 7n, ageMs: NOW_MS - READ_AT_MS };
    const known = { user, readAtMs: READ_AT_MS };
    expect(toFreshLookup('u1', known, NOW_MS)).toEqual({ ...expected, id: 'u1', source: 'cache' });
    const answer = { ...known, outcome: 'found', source: 'service' } as const;
    expect(toLookup('u1', answer, NOW_MS)).toEqual({ ...expected, id: 'u1', source: 'service' });
    expect(toOutcome(answer, NOW_MS)).toEqual({ ...expected, source: 'service' });
    const degraded = { reason: 'deadline_exceeded', cause: new Error('late') } as const;
    const stale = { ...known, outcome: 'found', source: 'stale', degraded } as const;
    expect(toLookup('u1', stale, NOW_MS)).toEqual({ ...expected, id: 'u1', source: 'stale', degraded });
  });
});
