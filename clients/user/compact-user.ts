import type { User } from '@rollcall/contract/user';

/**
 * A frozen copy of a frozen message that takes less memory and is read faster. A decoded message got its fields one by one
 * under computed names, and V8 keeps such an object as a hash table from its thirteenth field on: 650 bytes more on Node 24
 * (x64), and every look at a field several times slower. Named all at once they are a plain record that all users share.
 */
export function compactUser(user: User): User {
  const copy: Compact = {
    $typeName: user.$typeName,
    id: user.id,
    tenantId: user.tenantId,
    version: user.version,
    state: user.state,
    role: user.role,
    firstName: user.firstName,
    lastName: user.lastName,
    displayName: user.displayName,
    profileImage: user.profileImage,
    businessName: user.businessName,
    averageRating: user.averageRating,
    totalReviews: user.totalReviews,
    email: user.email,
    phone: user.phone,
    etag: user.etag,
  };
  // What is absent stays absent. Always in this order, so that there are few kinds of records.
  if (user.createTime !== undefined) copy.createTime = user.createTime;
  if (user.updateTime !== undefined) copy.updateTime = user.updateTime;
  if (user.deleteTime !== undefined) copy.deleteTime = user.deleteTime;
  if (user.profile !== undefined) copy.profile = user.profile;
  if (user.$unknown !== undefined) copy.$unknown = user.$unknown;
  return Object.freeze(copy);
}

/** Each field by its name: one that is added to the contract does not compile until it stands above. */
type Compact = {
  [Field in Exclude<keyof User, Optional>]: User[Field];
} & { [Field in Optional]?: NonNullable<User[Field]> };

type Optional = 'createTime' | 'updateTime' | 'deleteTime' | 'profile' | '$unknown';
