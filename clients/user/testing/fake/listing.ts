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
import { momentKeyOf, nanosOf, requireMoment } from './model/timestamps.ts';
import type { UserStore } from './model/user-store.ts';
import { shownName } from './model/views.ts';
import { compare, type Place, pageSizeOf, readToken, takeFitting, tieOf, toToken } from './pages.ts';

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
export function listingOf(store: UserStore): Pick<ServiceImpl<typeof UserAdminService>, 'listUsers'> {
  return {
    listUsers(request: ListUsersRequest) {
      const placeOf = orderOf(request);
      requireMoments(request.filter);
      const sign = request.orderBy.endsWith(' desc') ? -1 : 1;
      const after = readToken(tieOf(ListUsersRequestSchema, request), request.pageToken);
      const behind = store
        .readAll(request.tenantId)
        .filter((user) => passes(user, request.filter))
        .sort((a, b) => sign * compare(placeOf(a), placeOf(b)))
        .filter((user) => after === undefined || sign * compare(placeOf(user), after) > 0);
      const page = takeFitting(behind.slice(0, pageSizeOf(request)), request.view);
      const last = behind[page.length - 1];
      const isCut = last && page.length < behind.length;
      return {
        users: page,
        nextPageToken: isCut ? toToken(tieOf(ListUsersRequestSchema, request), placeOf(last)) : '',
      };
    },
  };
}

function orderOf({ orderBy }: ListUsersRequest): (user: User) => Place {
  if (!ORDERS.includes(orderBy))
    throw invalidField('order_by', `must be empty or one of ${ORDERS.filter(Boolean).join(', ')}`);
  if (orderBy.startsWith('display_name')) return (user) => [foldText(shownName(user)), user.id];
  const time = orderBy.startsWith('update_time') ? 'updateTime' : 'createTime';
  return (user) => [momentKeyOf(user[time]), user.id];
}

/** Refuses a filter whose moments are none. */
export function requireMoments(filter: UserFilter | undefined): void {
  const { createdFrom, createdBefore, activeFrom, activeBefore } = filter ?? {};
  if (createdFrom) requireMoment('filter.created_from', createdFrom);
  if (createdBefore) requireMoment('filter.created_before', createdBefore);
  if (activeFrom) requireMoment('filter.active_from', activeFrom);
  if (activeBefore) requireMoment('filter.active_before', activeBefore);
}

/** Whether a filter lets a user through. */
export function passes(user: User, filter: UserFilter | undefined): boolean {
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
  return (!from || nanosOf(time) >= nanosOf(from)) && (!before || nanosOf(time) < nanosOf(before));
}
