import type { User, UserChanges } from './user.ts';
import type { UserWrites, WriteRequest } from './user-writes.ts';

/** The user to make. */
export interface CreateUserCommand {
  readonly tenantId: string;
  readonly id: string;
  readonly user: UserChanges;
  /** Absent: a repeat makes another user. */
  readonly request?: WriteRequest;
}

/** Makes a user, once per request. Throws UserError EMAIL_TAKEN, USER_ID_TAKEN, REQUEST_ID_REUSED. */
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
