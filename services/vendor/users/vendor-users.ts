import { create } from '@bufbuild/protobuf';
import { UserSchema } from '@rollcall/contract/user';
import type { KnownUser, Users } from '@rollcall/user-access';
import type { VendorUsers } from '../vendors/vendor-users.ts';

type User = Extract<KnownUser, { outcome: 'found' }>['user'];

/**
 * Users with their ratings, which the BASIC view has, and without the contact data that it has too. Of whom nothing but the
 * REFERENCE view is known, as behind a start while the user service is away, that is shown.
 */
export function createVendorUsers(users: Users): VendorUsers {
  return {
    async lookUp(tenantId, ids, signal) {
      const known = await users.lookUp(tenantId, ids, signal, 'BASIC');
      const lacking = ids.filter((id) => (known.get(id)?.outcome ?? 'unavailable') === 'unavailable');
      const names = lacking.length > 0 ? await users.lookUp(tenantId, lacking, signal) : NOBODY;
      return new Map([...known, ...names].map(([id, each]) => [id, withoutContact(each)]));
    },
  };
}

const NOBODY: ReadonlyMap<string, KnownUser> = new Map();

function withoutContact(known: KnownUser): KnownUser {
  return 'user' in known ? { ...known, user: shownUser(known.user) } : known;
}

// What may be shown, by name: whatever the user service adds to its view stays here until somebody has thought about it.
function shownUser(user: User): User {
  const { id, tenantId, version, state, role, firstName, lastName, displayName, profileImage } = user;
  const { businessName, averageRating, totalReviews, createTime, updateTime, deleteTime, etag } = user;
  return create(UserSchema, {
    ...{ id, tenantId, version, state, role, firstName, lastName, displayName, profileImage },
    ...{ businessName, averageRating, totalReviews, etag },
    ...(createTime && { createTime }),
    ...(updateTime && { updateTime }),
    ...(deleteTime && { deleteTime }),
  });
}
