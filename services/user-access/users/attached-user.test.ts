import { create } from '@bufbuild/protobuf';
import { AttachedUserOutcome, UserSchema } from '@rollcall/contract/user';
import { describe, expect, it } from 'vitest';
import { toAttachedUser } from './attached-user.ts';

const id = '019c0000-0000-7000-8000-000000000001';
const user = create(UserSchema, { id: '019c0000-0000-7000-8000-000000000002', displayName: 'Ana' });

describe('toAttachedUser', () => {
  it('shows who is known, under the id that was kept', () => {
    expect(toAttachedUser({ id, outcome: 'deleted', user, stale: true })).toMatchObject({
      id,
      outcome: AttachedUserOutcome.DELETED,
      user: { id: user.id, displayName: 'Ana' },
      stale: true,
    });
  });

  it('says nothing of whom nobody can be asked about', () => {
    const attached = toAttachedUser({ id, outcome: 'unavailable', why: 'breaker_open' });
    expect(attached).toMatchObject({ id, outcome: AttachedUserOutcome.UNAVAILABLE, stale: false });
    expect(attached.user).toBeUndefined();
  });
});
