import { randomUUID } from 'node:crypto';
import { clone, type DescMessage, equals, type MessageShape } from '@bufbuild/protobuf';
import { Code, type ServiceImpl } from '@connectrpc/connect';
import {
  type CreateUserRequest,
  CreateUserRequestSchema,
  type UpdateUserRequest,
  UpdateUserRequestSchema,
  type User,
  type UserAdminService,
  UserSchema,
  UserState,
} from '@rollcall/contract/user';
import { copyFields, copyNew, requirePaths, requireSize, requireStorable } from './changes.ts';
import { refusal, userNotFound } from './refusal.ts';
import { inFull, toUser, type UserStore } from './user-store.ts';
import { etagOf } from './views.ts';

type Writes = Pick<ServiceImpl<typeof UserAdminService>, 'createUser' | 'updateUser'>;

/** CreateUser and UpdateUser over a store. */
export function writesOf(store: UserStore): Writes {
  const once = rememberRequests(store);
  return {
    createUser(request: CreateUserRequest) {
      requireStorable(request.user as User);
      return once(CreateUserRequestSchema, request, () => createUser(store, request));
    },
    updateUser(request: UpdateUserRequest) {
      const given = request.user as User;
      requirePaths(given, request.updateMask?.paths ?? []);
      requireStorable(given);
      return once(UpdateUserRequestSchema, request, () => updateUser(store, request, given));
    },
  };
}

function createUser(store: UserStore, { tenantId, userId, user }: CreateUserRequest): User {
  const id = userId || newUserId();
  if (store.current(tenantId, id))
    throw refusal(Code.AlreadyExists, 'USER_ID_TAKEN', `Tenant ${tenantId} has a user ${id} already.`);
  const made = toUser(tenantId, id, {});
  copyNew(user as User, made);
  requireSize(made);
  return store.write(made);
}

function updateUser(store: UserStore, { tenantId, updateMask }: UpdateUserRequest, given: User): User {
  const before = store.current(tenantId, given.id);
  if (before === undefined) throw userNotFound(tenantId, given.id);
  if (given.etag !== '' && given.etag !== etagOf(before.version)) {
    const message = `User ${given.id} has changed since etag ${given.etag}; read it again.`;
    throw refusal(Code.Aborted, 'ETAG_MISMATCH', message);
  }
  if (before.state === UserState.DELETED)
    throw refusal(Code.FailedPrecondition, 'USER_DELETED', `User ${given.id} is deleted; undelete it first.`);
  const after = clone(UserSchema, before);
  copyFields(given, after, updateMask?.paths ?? []);
  requireSize(after);
  return equals(UserSchema, before, after) ? before : store.write(after);
}

/** What a request id did, so that a repeat does nothing. */
interface DoneRequest {
  readonly schema: DescMessage;
  readonly request: unknown;
  readonly userId: string;
}

function rememberRequests(store: UserStore) {
  const done = new Map<string, DoneRequest>();
  return <S extends DescMessage>(
    schema: S,
    request: MessageShape<S> & { tenantId: string; requestId: string },
    work: () => User,
  ): { user: User } => {
    const key = `${request.tenantId}/${request.requestId.toLowerCase()}`;
    const before = request.requestId === '' ? undefined : done.get(key);
    if (before === undefined) {
      const user = work();
      done.set(key, { schema, request, userId: user.id });
      return { user: inFull(user) };
    }
    if (
      before.schema.typeName !== schema.typeName ||
      !equals(schema, withoutId(before.request), withoutId(request))
    ) {
      const message = `Request id ${request.requestId} was used before, for another request; choose a new one.`;
      throw refusal(Code.InvalidArgument, 'REQUEST_ID_REUSED', message);
    }
    return { user: inFull(store.current(request.tenantId, before.userId) as User) };
  };
}

// The id was compared already, without regard to letter case.
function withoutId(request: unknown): never {
  return { ...(request as object), requestId: '' } as never;
}

/** A UUIDv7: the time in ms, then chance. */
function newUserId(): string {
  const time = Date.now().toString(16).padStart(12, '0');
  return `${time.slice(0, 8)}-${time.slice(8)}-7${randomUUID().slice(15)}`;
}
