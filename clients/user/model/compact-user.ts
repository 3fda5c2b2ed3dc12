import type { User } from '@rollcall/contract/user';

/**
 * What is kept of a decoded user: a copy of the message, frozen with all it holds, because one object answers many callers
 * and none may change it under another. The copy also takes less memory and is read faster. A decoded message got its
 * fields one by one under computed names, and V8 keeps such an object as a hash table from its thirteenth field on: 650
 * bytes more on Node 24 (x64), and every look at a field several times slower. Named all at once they are a plain record
 * that all users share.
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
  if (user.createTime !== undefined) copy.createTime = freezeTime(user.createTime);
  if (user.updateTime !== undefined) copy.updateTime = freezeTime(user.updateTime);
  if (user.deleteTime !== undefined) copy.deleteTime = freezeTime(user.deleteTime);
  if (user.profile !== undefined) copy.profile = freeze(user.profile);
  if (user.$unknown !== undefined) copy.$unknown = freeze(user.$unknown);
  return Object.freeze(copy);
}

/** Each field by its name: one that is added to the contract does not compile until it stands above. */
type Compact = {
  [Field in Exclude<keyof User, Optional>]: User[Field];
} & { [Field in Optional]?: NonNullable<User[Field]> };

type Optional = 'createTime' | 'updateTime' | 'deleteTime' | 'profile' | '$unknown';

/** Almost no time holds anything to look for. */
function freezeTime<Time extends NonNullable<User['createTime']>>(time: Time): Time {
  return time.$unknown === undefined ? Object.freeze(time) : freeze(time);
}

function freeze<Value>(value: Value): Value {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value;
  for (const [name, part] of Object.entries(value)) {
    // Bytes cannot be frozen. No field of User is of bytes, fields of a later contract are: a view of the whole answer.
    if (part instanceof Uint8Array) (value as Record<string, unknown>)[name] = new Uint8Array(part);
    else freeze(part);
  }
  return Object.freeze(value);
}
