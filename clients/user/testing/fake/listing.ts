import type { Timestamp } from '@bufbuild/protobuf/wkt';
import type { ServiceImpl } from '@connectrpc/connect';
import { foldText } from '@rollcall/contract/text';
import {
  type ListUsersRequest,
  ListUsersRequestSchema,
  type User,
  type UserAdminService,
  type UserFilter,
  UserState,
} from '@rollcall/contract/user';
import { invalidField } from './model/refusal.ts';
import { requireTimestamp, timestampSortKey, toNanos } from './model/timestamps.ts';
import type { UserStore } from './model/user-store.ts';
import { displayNameOf } from './model/views.ts';
import {
  comparePositions,
  limitUsersBySize,
  type PagePosition,
  readPageToken,
  requestFingerprint,
  toPageSize,
  writePageToken,
} from './pages.ts';

const ORDERS = [
  '',
  'create_time',
  'create_time desc',
  'update_time',
  'update_time desc',
  'display_name',
  'display_name desc',
];

/** ListUsers over a store. */
export function createListHandlers(
  store: UserStore,
): Pick<ServiceImpl<typeof UserAdminService>, 'listUsers'> {
  return {
    listUsers(request: ListUsersRequest) {
      const placeOf = orderOf(request);
      requireFilterTimes(request.filter);
      const sign = request.orderBy.endsWith(' desc') ? -1 : 1;
      const after = readPageToken(requestFingerprint(ListUsersRequestSchema, request), request.pageToken);
      const behind = store
        .readAll(request.tenantId)
        .filter((user) => matchesFilter(user, request.filter))
        .sort((a, b) => sign * comparePositions(placeOf(a), placeOf(b)))
        .filter((user) => after === undefined || sign * comparePositions(placeOf(user), after) > 0);
      const page = limitUsersBySize(behind.slice(0, toPageSize(request)), request.view);
      const last = behind[page.length - 1];
      const isCut = last && page.length < behind.length;
      return {
        users: page,
        nextPageToken: isCut
          ? writePageToken(requestFingerprint(ListUsersRequestSchema, request), placeOf(last))
          : '',
      };
    },
  };
}

function orderOf({ orderBy }: ListUsersRequest): (user: User) => PagePosition {
  if (!ORDERS.includes(orderBy))
    throw invalidField('order_by', `must be empty or one of ${ORDERS.filter(Boolean).join(', ')}`);
  if (orderBy.startsWith('display_name')) return (user) => [foldText(displayNameOf(user)), user.id];
  const time = orderBy.startsWith('update_time') ? 'updateTime' : 'createTime';
  return (user) => [timestampSortKey(user[time]), user.id];
}

/** Refuses a filter whose moments are none. */
export function requireFilterTimes(filter: UserFilter | undefined): void {
  const { createdFrom, createdBefore, activeFrom, activeBefore } = filter ?? {};
  if (createdFrom) requireTimestamp('filter.created_from', createdFrom);
  if (createdBefore) requireTimestamp('filter.created_before', createdBefore);
  if (activeFrom) requireTimestamp('filter.active_from', activeFrom);
  if (activeBefore) requireTimestamp('filter.active_before', activeBefore);
}

/** Whether a filter lets a user through. */
export function matchesFilter(user: User, filter: UserFilter | undefined): boolean {
  const states = filter?.states.length ? filter.states : [UserState.ACTIVE, UserState.SUSPENDED];
  const { tags = [], statistics } = user.profile ?? {};
  return (
    states.includes(user.state) &&
    (!filter?.roles.length || filter.roles.includes(user.role)) &&
    (filter?.tags ?? []).every((tag) => tags.includes(tag)) &&
    isWithin(user.createTime, filter?.createdFrom, filter?.createdBefore) &&
    isWithin(statistics?.lastActivityTime, filter?.activeFrom, filter?.activeBefore)
  );
}

// What never happened is within no time.
function isWithin(
  time: Timestamp | undefined,
  from: Timestamp | undefined,
  before: Timestamp | undefined,
): boolean {
  if (from === undefined && before === undefined) return true;
  if (time === undefined) return false;
  return (!from || toNanos(time) >= toNanos(from)) && (!before || toNanos(time) < toNanos(before));
}
