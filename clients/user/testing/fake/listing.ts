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

/** Handler of ListUsers. */
export function createListHandlers(
  store: UserStore,
): Pick<ServiceImpl<typeof UserAdminService>, 'listUsers'> {
  return {
    listUsers(request: ListUsersRequest) {
      const positionOf = positionReader(request);
      requireFilterTimes(request.filter);
      const sign = request.orderBy.endsWith(' desc') ? -1 : 1;
      const fingerprint = requestFingerprint(ListUsersRequestSchema, request);
      const start = readPageToken(fingerprint, request.pageToken);
      const remaining = store
        .readAll(request.tenantId)
        .filter((user) => matchesFilter(user, request.filter))
        .sort((a, b) => sign * comparePositions(positionOf(a), positionOf(b)))
        .filter((user) => start === undefined || sign * comparePositions(positionOf(user), start) > 0);
      const page = limitUsersBySize(remaining.slice(0, toPageSize(request)), request.view);
      const last = remaining[page.length - 1];
      const hasMore = last && page.length < remaining.length;
      return {
        users: page,
        nextPageToken: hasMore ? writePageToken(fingerprint, positionOf(last)) : '',
      };
    },
  };
}

function positionReader({ orderBy }: ListUsersRequest): (user: User) => PagePosition {
  if (!ORDERS.includes(orderBy))
    throw invalidField('order_by', `must be empty or one of ${ORDERS.filter(Boolean).join(', ')}`);
  if (orderBy.startsWith('display_name')) return (user) => [foldText(displayNameOf(user)), user.id];
  const time = orderBy.startsWith('update_time') ? 'updateTime' : 'createTime';
  return (user) => [timestampSortKey(user[time]), user.id];
}

/**
 * Checks the times of a filter.
 * @throws ConnectError FIELD_INVALID when one is no valid timestamp
 */
export function requireFilterTimes(filter: UserFilter | undefined): void {
  const { createdFrom, createdBefore, activeFrom, activeBefore } = filter ?? {};
  if (createdFrom) requireTimestamp('filter.created_from', createdFrom);
  if (createdBefore) requireTimestamp('filter.created_before', createdBefore);
  if (activeFrom) requireTimestamp('filter.active_from', activeFrom);
  if (activeBefore) requireTimestamp('filter.active_before', activeBefore);
}

/** Whether a user matches a filter. */
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

// An absent time lies in no range.
function isWithin(
  time: Timestamp | undefined,
  from: Timestamp | undefined,
  before: Timestamp | undefined,
): boolean {
  if (from === undefined && before === undefined) return true;
  if (time === undefined) return false;
  return (!from || toNanos(time) >= toNanos(from)) && (!before || toNanos(time) < toNanos(before));
}
