import { create } from '@bufbuild/protobuf';
import { UserSchema, UserState } from '@rollcall/contract/user';
import { describe, expect, it } from 'vitest';
import { checkActive, refusalOf } from './check-active.ts';
import type { ShownUser } from './users.ts';

const id = '019c0000-0000-7000-8000-000000000001';
const withState = (state: UserState, stale = false) => ({ user: create(UserSchema, { id, state }), stale });

describe('checkActive', () => {
  it('accepts an active user, also a stale one', () => {
    const fresh: ShownUser = { id, outcome: 'found', ...withState(UserState.ACTIVE) };
    const stale: ShownUser = { id, outcome: 'found', ...withState(UserState.ACTIVE, true) };
    expect([checkActive(fresh), checkActive(stale)]).toEqual([
      { ok: true, user: fresh },
      { ok: true, user: stale },
    ]);
  });

  it.each<[string, ShownUser]>([
    ['missing', { id, outcome: 'missing' }],
    ['deleted', { id, outcome: 'deleted', ...withState(UserState.DELETED) }],
    ['suspended', { id, outcome: 'found', ...withState(UserState.SUSPENDED) }],
    // A state that this version does not know.
    ['suspended', { id, outcome: 'found', ...withState(99 as UserState) }],
  ])('refuses a user who is %s', (why, known) => {
    expect(checkActive(known)).toEqual({ ok: false, why });
  });

  it('tells an outage from a refusal', () => {
    expect(checkActive({ id, outcome: 'unavailable', why: 'breaker_open' })).toEqual({
      ok: false,
      why: 'unknown',
      detail: 'breaker_open',
    });
    expect(checkActive(undefined)).toEqual({ ok: false, why: 'unknown', detail: 'no_answer' });
  });
});

describe('refusalOf', () => {
  const ref = { tenantId: 'acme', userId: id };

  it.each([
    ['missing', `Nobody can pay as user ${id}: tenant acme has no such user.`],
    ['deleted', `Nobody can pay as user ${id}, who is deleted.`],
    ['suspended', `Nobody can pay as user ${id}, who is suspended.`],
  ] as const)('names the refused action for a user who is %s', (why, message) => {
    const metadata = { tenant_id: 'acme', user_id: id, why };
    expect(refusalOf({ ok: false, why }, ref, 'pay as')).toEqual({ message, metadata });
  });

  it('names the outage and its reason', () => {
    const refusal = refusalOf({ ok: false, why: 'unknown', detail: 'breaker_open' }, ref, 'pay as');
    expect(refusal).toEqual({
      message: `The user service cannot be asked now about user ${id} (breaker_open); try again.`,
      metadata: { user_id: id, why: 'breaker_open' },
    });
  });
});
