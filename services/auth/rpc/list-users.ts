import { toJsonString } from '@bufbuild/protobuf';
import { isStorable } from '@rollcall/contract/request-content';
import { type ListUsersRequest, ProfileSchema, type User as UserMessage } from '@rollcall/contract/user';
import { invalidField, isTimePosition, type PageTokens, pageTokens } from '@rollcall/runtime/rpc';
import type { UserList, UserPlace } from '../users/reading/user-reads.ts';
import { pageLimit } from './take-fitting.ts';
import { filterFromMessage, filterTie } from './user-filter.ts';
import { viewFromMessage } from './user-message.ts';

const ORDERS = {
  '': { orderBy: 'createTime', descending: false },
  create_time: { orderBy: 'createTime', descending: false },
  'create_time desc': { orderBy: 'createTime', descending: true },
  update_time: { orderBy: 'updateTime', descending: false },
  'update_time desc': { orderBy: 'updateTime', descending: true },
  display_name: { orderBy: 'displayName', descending: false },
  'display_name desc': { orderBy: 'displayName', descending: true },
} as const;

/** Page tokens that fit this request and no other. */
export function tokensFor(request: ListUsersRequest): PageTokens<UserPlace> {
  const { tenantId, view, filter, orderBy } = request;
  return pageTokens(
    ['ListUsers', tenantId, view, orderBy, ...filterTie(filter)],
    orderBy.startsWith('display_name') ? isNamePosition : isTimedPosition,
  );
}

/** What the request asks for. Throws RpcError PAGE_TOKEN_INVALID, FIELD_INVALID. */
export function listFromRequest(request: ListUsersRequest, tokens: PageTokens<UserPlace>): UserList {
  const after = tokens.read(request.pageToken);
  return {
    filter: filterFromMessage(request.tenantId, request.filter),
    view: viewFromMessage(request.view),
    ...orderOf(request.orderBy),
    limit: pageLimit(request),
    ...(after && { after }),
  };
}

// Field rules bound all of a user but the profile: with all names and fields, in JSON and with every character escaped.
const USER_BYTES = 3_000;

/** The most bytes that a user can take in an answer, in either form. */
export function mostUserBytes(user: UserMessage): number {
  const texts = [user.firstName, user.lastName, user.displayName, user.businessName, user.profileImage];
  const names = texts.reduce((sum, { length }) => sum + 6 * length, USER_BYTES);
  return user.profile ? names + Buffer.byteLength(toJsonString(ProfileSchema, user.profile)) : names;
}

function orderOf(orderBy: string): (typeof ORDERS)[keyof typeof ORDERS] {
  if (Object.hasOwn(ORDERS, orderBy)) return ORDERS[orderBy as keyof typeof ORDERS];
  const description = `must be empty or one of ${Object.keys(ORDERS).filter(Boolean).join(', ')}`;
  throw invalidField('order_by', description);
}

function isTimedPosition(value: unknown): value is UserPlace {
  const { key, id } = (value ?? {}) as Partial<UserPlace>;
  return isTimePosition({ timeMs: key, id });
}

function isNamePosition(value: unknown): value is UserPlace {
  const { key, id } = (value ?? {}) as Partial<UserPlace>;
  return typeof key === 'string' && isStorable(key) && isTimePosition({ timeMs: 0, id });
}
