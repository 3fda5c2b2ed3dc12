// The commands that write a user, and the frame that they share with the commands on its records.
import { etagOf, type User, type UserChanges } from './user.ts';
import { UserError, userDeleted, userNotFound } from './user-error.ts';
import type { LockedUser, UserEdit, UserWrites, WriteRequest } from './user-writes.ts';

/** A command on one user. */
export interface EditCommand {
  readonly tenantId: string;
  readonly id: string;
  /** Without it a repetition is another write. */
  readonly request?: WriteRequest;
}

/** A command that may depend on the version of the user. */
interface CheckedCommand extends EditCommand {
  /** Expected etag of the user; empty accepts any. */
  readonly etag: string;
}

/** The arguments of the function that does the work of a command. */
interface EditContext {
  readonly edit: UserEdit;
  readonly user: LockedUser;
  /** Whether this request was done before. */
  readonly isRepeat: boolean;
}

/**
 * Runs a command on one locked user, and recognizes a repeated request.
 * @throws UserError USER_NOT_FOUND, REQUEST_ID_REUSED.
 */
export function editUser<T>(
  writes: UserWrites,
  { tenantId, id, request }: EditCommand,
  work: (context: EditContext) => Promise<T>,
): Promise<T> {
  return writes.edit(async (edit) => {
    const before = request && (await edit.claim(tenantId, request, id));
    const user = await edit.lock(tenantId, before ?? id);
    if (!user) throw userNotFound(tenantId, id);
    return work({ edit, user, isRepeat: before !== undefined });
  });
}

/**
 * Requires that the user is not erased.
 * @throws UserError USER_DELETED.
 */
export function requireNotErased({ tenantId, id, isErased }: LockedUser): void {
  if (isErased) throw userDeleted(tenantId, id, true);
}

/**
 * Requires that a given etag is the user's present one; an empty etag always passes.
 * @throws UserError ETAG_MISMATCH.
 */
export function requireEtag(user: User, etag: string): void {
  if (etag === '' || etag === etagOf(user.version)) return;
  throw new UserError('ETAG_MISMATCH', `User ${user.id} has changed since etag ${etag}; read it again.`, {
    id: user.id,
    etag,
    current_etag: etagOf(user.version),
  });
}

interface CreateUserCommand extends EditCommand {
  readonly user: UserChanges;
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

interface UpdateUserCommand extends CheckedCommand {
  readonly changes: UserChanges;
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
interface ModifyTagsCommand extends EditCommand {
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

/**
 * Deletes a user, which can be undone. A deleted user stays unchanged.
 * @throws UserError USER_NOT_FOUND, ETAG_MISMATCH, REQUEST_ID_REUSED.
 */
export function deleteUser(writes: UserWrites, command: CheckedCommand): Promise<User> {
  return editUser(writes, command, async ({ edit, user, isRepeat }) => {
    if (isRepeat) return user;
    requireEtag(user, command.etag);
    return user.state === 'DELETED' ? user : edit.delete(user);
  });
}

/**
 * Undoes a deletion. A user that is not deleted stays unchanged.
 * @throws UserError USER_NOT_FOUND, USER_DELETED when erased, ETAG_MISMATCH, EMAIL_TAKEN, REQUEST_ID_REUSED.
 */
export function undeleteUser(writes: UserWrites, command: CheckedCommand): Promise<User> {
  return editUser(writes, command, async ({ edit, user, isRepeat }) => {
    if (isRepeat) return user;
    requireNotErased(user);
    requireEtag(user, command.etag);
    return user.state === 'DELETED' ? edit.undelete(user) : user;
  });
}

/**
 * Erases a user permanently. An erased user stays unchanged.
 * @throws UserError USER_NOT_FOUND, REQUEST_ID_REUSED.
 */
export function eraseUser(writes: UserWrites, command: EditCommand): Promise<User> {
  return editUser(writes, command, async ({ edit, user, isRepeat }) =>
    isRepeat || user.isErased ? user : edit.erase(user),
  );
}
