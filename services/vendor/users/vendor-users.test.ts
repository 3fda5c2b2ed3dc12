import { create } from '@bufbuild/protobuf';
import { type User, UserSchema } from '@rollcall/contract/user';
import type { KnownUser, KnownUserView, Users } from '@rollcall/user-access';
import { describe, expect, it } from 'vitest';
import { createVendorUsers } from './vendor-users.ts';

const ID = '019b8d2b-8c00-7957-8062-6d765bdcc4fd';
const signal = new AbortController().signal;

/** A user service that knows of a user what stands here for the view. */
function knowing(byView: Readonly<Record<KnownUserView, KnownUser>>): Users {
  return {
    lookUp: async (_tenantId, ids, _signal, view = 'REFERENCE') =>
      new Map(ids.map((id) => [id, byView[view]])),
  };
}

const found = (user: User, stale = false): KnownUser => ({ id: ID, outcome: 'found', user, stale });
const unavailable: KnownUser = { id: ID, outcome: 'unavailable', why: 'circuit_open' };

describe('the users of vendors', () => {
  it('have every field that may be shown, and none beside them', async () => {
    const shown = {
      id: ID,
      displayName: 'Vera',
      businessName: 'Vera & Sons',
      averageRating: 4.5,
      totalReviews: 12,
      version: 7n,
    };
    const user = create(UserSchema, {
      ...shown,
      email: 'vera@example.com',
      phone: '+44 7700 900000',
      profile: { birthDate: '1980-01-01' },
    });
    const users = createVendorUsers(knowing({ BASIC: found(user), REFERENCE: unavailable }));
    const known = (await users.lookUp('acme', [ID], signal)).get(ID);
    expect(known).toEqual(found(create(UserSchema, shown)));
  });

  it('are shown by name where no more is known', async () => {
    const user = create(UserSchema, { id: ID, displayName: 'Vera' });
    const users = createVendorUsers(knowing({ BASIC: unavailable, REFERENCE: found(user, true) }));
    expect((await users.lookUp('acme', [ID], signal)).get(ID)).toEqual(found(user, true));
  });

  it('are not there where nothing is known', async () => {
    const users = createVendorUsers(knowing({ BASIC: unavailable, REFERENCE: unavailable }));
    expect((await users.lookUp('acme', [ID], signal)).get(ID)).toEqual(unavailable);
  });
});
