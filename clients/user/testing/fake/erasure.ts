import { type User, UserChangeKind, UserState } from '@rollcall/contract/user';
import type { Owner } from './model/related-records.ts';
import { toUser, type UserStore } from './model/user-store.ts';

/** Leaves nothing but tombstones of a user and of everyone who was merged into it: they are one person. */
export function eraseUser(store: UserStore, user: User): User {
  const [, ...merged] = store.familyOf(user);
  for (const { tenantId, id } of merged) eraseOne(store, store.own(tenantId, id)?.user as User);
  return eraseOne(store, user);
}

function eraseOne(store: UserStore, { tenantId, id, role, createTime, deleteTime }: User): User {
  eraseBeside(store, { tenantId, id });
  const times = { ...(createTime && { createTime }), ...(deleteTime && { deleteTime }) };
  const tombstone = toUser(tenantId, id, { role, state: UserState.DELETED, ...times });
  return store.write(tombstone, { kind: UserChangeKind.ERASED });
}

function eraseBeside({ external, notes, activities, figures, merges }: UserStore, owner: Owner): void {
  for (const each of [external, notes, activities, figures]) each.clear(owner);
  for (const merge of merges.of(owner)) merge.before = undefined;
}
