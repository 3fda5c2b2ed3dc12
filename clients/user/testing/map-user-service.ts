import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { timestampNow } from '@bufbuild/protobuf/wkt';
import { Code, ConnectError, type ServiceImpl } from '@connectrpc/connect';
import { ERROR_DOMAIN, ErrorInfoSchema } from '@rollcall/contract';
import {
  type BatchGetUsersRequest,
  type ErrorReason,
  type GetUserRequest,
  type ResolveUsersRequest,
  type User,
  UserSchema,
  type UserService,
  UserState,
  UserView,
} from '@rollcall/contract/user';

type ReasonName = keyof typeof ErrorReason;

/** A user service that lives in a Map: handlers as Connect's router takes them, for a server of any kind or none. */
export class MapUserService
  implements Pick<ServiceImpl<typeof UserService>, 'getUser' | 'batchGetUsers' | 'resolveUsers'>
{
  /** Every BatchGetUsers that came, oldest first. */
  readonly batches: BatchGetUsersRequest[] = [];
  /** Waited for before each answer. Default: nothing. */
  pause: () => Promise<unknown> = async () => {};
  /** Thrown in place of each answer. Default: none. */
  fault: ConnectError | undefined;
  readonly #users = new Map<string, User>();

  /** Makes or changes a user: version 1, or one more than before. Answers it. */
  put(tenantId: string, id: string, fields: MessageInitShape<typeof UserSchema> = {}): User {
    const version = (this.#users.get(`${tenantId}/${id}`)?.version ?? 0n) + 1n;
    const user = create(UserSchema, { state: UserState.ACTIVE, ...fields, tenantId, id, version });
    this.#users.set(`${tenantId}/${id}`, user);
    return user;
  }

  /** Lets an id answer another user from now on, as after a merge. */
  merge(tenantId: string, loserId: string, survivorId: string): void {
    this.#users.set(`${tenantId}/${loserId}`, this.#find(tenantId, survivorId));
  }

  getUser = async ({ tenantId, id, view, minVersion }: GetUserRequest) => {
    await this.#begin();
    const user = this.#find(tenantId, id, minVersion);
    return { user: toView(user, view), readTime: timestampNow() };
  };

  batchGetUsers = async (request: BatchGetUsersRequest) => {
    this.batches.push(request);
    const outcomes = request.ids.map((id) => ({ id, outcome: this.#toOutcome(request, id) }));
    await this.#begin();
    return { outcomes, readTime: timestampNow() };
  };

  resolveUsers = async ({ tenantId, view, keys }: ResolveUsersRequest) => {
    await this.#begin();
    const users = [...this.#users.values()].filter((user) => user.tenantId === tenantId);
    const outcomes = keys.map((key) => {
      const email = key.key.case === 'email' ? key.key.value.toLowerCase() : undefined;
      const found = users.find((user) => user.email.toLowerCase() === email);
      return { key, outcome: found ? { case: 'user' as const, value: toView(found, view) } : MISSING };
    });
    return { outcomes, readTime: timestampNow() };
  };

  async #begin(): Promise<void> {
    const { fault } = this;
    await this.pause();
    if (fault !== undefined) throw fault;
  }

  #toOutcome({ tenantId, view, knownVersions, minVersions }: BatchGetUsersRequest, id: string) {
    const user = this.#users.get(`${tenantId}/${id}`);
    if (user === undefined) return MISSING;
    if (user.id === id && user.version < (minVersions[id] ?? 0n)) throw notReached(id);
    // A survivor's version says nothing about the copy of the user that was merged away.
    if (user.id === id && user.version === knownVersions[id])
      return { case: 'unchanged' as const, value: { version: user.version } };
    return { case: 'user' as const, value: toView(user, view) };
  }

  #find(tenantId: string, id: string, minVersion = 0n): User {
    const user = this.#users.get(`${tenantId}/${id}`);
    if (user === undefined)
      throw refusal(Code.NotFound, 'USER_NOT_FOUND', `no user ${id} in tenant ${tenantId}`);
    if (user.version < minVersion) throw notReached(id);
    return user;
  }
}

const MISSING = { case: 'missing' as const, value: {} };

/** An error as the user service sends it. */
export function refusal(code: Code, reason: ReasonName, message: string): ConnectError {
  const value = { reason, domain: ERROR_DOMAIN, metadata: {} };
  return new ConnectError(message, code, undefined, [{ desc: ErrorInfoSchema, value }]);
}

function notReached(id: string): ConnectError {
  return refusal(Code.Unavailable, 'VERSION_NOT_REACHED', `user ${id} is not at that version yet`);
}

/** The part of a user that a view shows. */
function toView(user: User, view: UserView): User {
  if (view === UserView.FULL) return user;
  const { profile: _profile, ...basic } = user;
  if (view === UserView.BASIC) return create(UserSchema, basic);
  return create(UserSchema, { ...basic, email: '', phone: '', averageRating: 0, totalReviews: 0 });
}
