import { type EditCommand, editUser, requireEtag } from './edit-user.ts';
import type { User, UserChanges } from './user.ts';
import { userDeleted, userNotFound } from './user-error.ts';
import type { UserWrites, WriteRequest } from './user-writes.ts';

export interface CreateUserCommand {
  readonly tenantId: string;
  readonly id: string;
  readonly user: UserChanges;
  /** Without it a repetition creates another user. */
  readonly request?: WriteRequest;
}

/**
 * Creates a user, once for each request.
 * @throws UserError EMAIL_TAKEN, USER_ID_TAKEN, PROFILE_TOO_LARGE, REQUEST_ID_REUSED.
 */
export function createUser(
  writes: UserWrites,
  { tenantId, id, user, request }: CreateUserCommand,
): Promise<User> {
  return writes.create(async (transaction) => {
    const before = request && (await transaction.claim(tenantId, request, id));
    const made = before === undefined ? undefined : await transaction.lock(tenantId, before);
    return made ?? transaction.insert(tenantId, id, user);
  });
}

export interface UpdateUserCommand {
  readonly tenantId: string;
  readonly id: string;
  readonly changes: UserChanges;
  /** Expected etag of the user; empty accepts any. */
  readonly etag: string;
  /** Without it a repetition is another update. */
  readonly request?: WriteRequest;
}

/**
 * Updates a user, once for each request.
 * @throws UserError USER_NOT_FOUND, ETAG_MISMATCH, USER_DELETED, EMAIL_TAKEN, PROFILE_TOO_LARGE,
 * REQUEST_ID_REUSED.
 */
export function updateUser(writes: UserWrites, command: UpdateUserCommand): Promise<User> {
  const { tenantId, id, request } = command;
  return writes.update(async (transaction) => {
    const before = request && (await transaction.claim(tenantId, request, id));
    const user = await transaction.lock(tenantId, before ?? id);
    if (!user) throw userNotFound(tenantId, id);
    if (before !== undefined) return user;
    requireEtag(user, command.etag);
    if (user.state === 'DELETED') throw userDeleted(tenantId, user.id);
    return transaction.update(user, command.changes);
  });
}

/** Removes tags, then adds tags. */
export interface ModifyTagsCommand extends EditCommand {
  readonly add: readonly string[];
  readonly remove: readonly string[];
}

/**
 * Changes the tags of a user.
 * @throws UserError USER_NOT_FOUND, USER_DELETED, PROFILE_TOO_LARGE, REQUEST_ID_REUSED.
 */
export function modifyTags(writes: UserWrites, command: ModifyTagsCommand): Promise<User> {
  return editUser(writes, command, async ({ edit, user, isRepeat }) => {
    if (isRepeat) return user;
    if (user.state === 'DELETED') throw userDeleted(user.tenantId, user.id, user.isErased);
    const kept = (user.tags ?? []).filter((tag) => !command.remove.includes(tag));
    return edit.update(user, { tags: [...new Set([...kept, ...command.add])] });
  });
}
