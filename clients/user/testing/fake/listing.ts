import { createHash } from 'node:crypto';
import { toBinary, toJsonString } from '@bufbuild/protobuf';
import type { Timestamp } from '@bufbuild/protobuf/wkt';
import { Code, type ServiceImpl } from '@connectrpc/connect';
import {
  type ListUsersRequest,
  ListUsersRequestSchema,
  type User,
  type UserAdminService,
  type UserFilter,
  UserSchema,
  UserState,
} from '@rollcall/contract/user';
import { requireMoment } from './changes.ts';
import { invalidField, refusal } from './refusal.ts';
import type { UserStore } from './user-store.ts';
import { toView } from './views.ts';

const DEFAULT_PAGE_SIZE = 50;
const MAX_PAGE_SIZE = 1000;
const MAX_ANSWER_BYTES = 4_000_000;
const ORDERS = ['', 'create_time', 'create_time desc', 'update_time', 'update_time desc'];

/** ListUsers over a store. */
export function listingOf(store: UserStore): Pick<ServiceImpl<typeof UserAdminService>, 'listUsers'> {
  return {
    listUsers(request: ListUsersRequest) {
      const placeOf = orderOf(request);
      const { createdFrom, createdBefore } = request.filter ?? {};
      if (createdFrom) requireMoment('filter.created_from', createdFrom);
      if (createdBefore) requireMoment('filter.created_before', createdBefore);
      const after = readToken(request);
      const behind = store
        .readAll(request.tenantId)
        .filter((user) => passes(user, request.filter))
        .sort((a, b) => compare(placeOf(a), placeOf(b)))
        .filter((user) => after === undefined || compare(placeOf(user), after) > 0);
      const page = takeFitting(behind.slice(0, pageSizeOf(request)), request);
      const last = behind[page.length - 1];
      const nextPageToken = last && page.length < behind.length ? toToken(request, placeOf(last)) : '';
      return { users: page, nextPageToken };
    },
  };
}

/** A place in the list: the time in ns since 1970, negative where the list goes backwards, then the id. */
type Place = readonly [nanos: bigint, id: string];

function orderOf({ orderBy }: ListUsersRequest): (user: User) => Place {
  if (!ORDERS.includes(orderBy)) {
    if (/^display_name( desc)?$/.test(orderBy))
      throw refusal(Code.Unimplemented, 'NOT_IMPLEMENTED', 'order_by display_name: not implemented yet.');
    throw invalidField('order_by', `must be empty or one of ${ORDERS.filter(Boolean).join(', ')}`);
  }
  const sign = orderBy.endsWith(' desc') ? -1n : 1n;
  const time = orderBy.startsWith('update_time') ? 'updateTime' : 'createTime';
  return (user) => [sign * nanosOf(user[time]), user.id];
}

function compare([nanosA, idA]: Place, [nanosB, idB]: Place): number {
  if (nanosA !== nanosB) return nanosA < nanosB ? -1 : 1;
  return idA < idB ? -1 : Number(idA > idB);
}

function passes(user: User, filter: UserFilter | undefined): boolean {
  if (filter?.tags.length || filter?.activeFrom || filter?.activeBefore)
    throw refusal(
      Code.Unimplemented,
      'NOT_IMPLEMENTED',
      'Filters by tags and activity: not implemented yet.',
    );
  const states = filter?.states.length ? filter.states : [UserState.ACTIVE, UserState.SUSPENDED];
  const created = nanosOf(user.createTime);
  return (
    states.includes(user.state) &&
    (!filter?.roles.length || filter.roles.includes(user.role)) &&
    (!filter?.createdFrom || created >= nanosOf(filter.createdFrom)) &&
    (!filter?.createdBefore || created < nanosOf(filter.createdBefore))
  );
}

function pageSizeOf({ pageSize }: ListUsersRequest): number {
  return Math.min(pageSize || DEFAULT_PAGE_SIZE, MAX_PAGE_SIZE);
}

/** As many, from the first on, as one answer holds; at least one. */
function takeFitting(users: readonly User[], { view }: ListUsersRequest): User[] {
  const shown = users.map((user) => toView(user, view));
  let bytes = 0;
  const tooMany = shown.findIndex((user, i) => {
    bytes += toBinary(UserSchema, user).byteLength + 6;
    return i > 0 && bytes > MAX_ANSWER_BYTES;
  });
  return tooMany < 0 ? shown : shown.slice(0, tooMany);
}

/** Ties a token to everything of the request that must stay the same. */
function tieOf(request: ListUsersRequest): string {
  const json = toJsonString(ListUsersRequestSchema, { ...request, pageToken: '', pageSize: 0 });
  return createHash('sha256').update(json).digest('base64url').slice(0, 12);
}

function toToken(request: ListUsersRequest, [nanos, id]: Place): string {
  return Buffer.from(`${tieOf(request)} ${nanos} ${id}`).toString('base64url');
}

function readToken(request: ListUsersRequest): Place | undefined {
  if (request.pageToken === '') return undefined;
  const [tie, nanos = '', id] = Buffer.from(request.pageToken, 'base64url').toString().split(' ');
  if (tie === tieOf(request) && /^-?\d+$/.test(nanos) && id !== undefined) return [BigInt(nanos), id];
  throw invalidField(
    'page_token',
    'is not a token of this request: begin again without one',
    'PAGE_TOKEN_INVALID',
  );
}

function nanosOf(time: Timestamp | undefined): bigint {
  return time === undefined ? 0n : time.seconds * 1_000_000_000n + BigInt(time.nanos);
}
