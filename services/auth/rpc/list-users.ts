import { toJsonString } from '@bufbuild/protobuf';
import {
  type ListUsersRequest,
  ProfileSchema,
  type User as UserMessage,
  UserRole,
  UserState,
} from '@rollcall/contract/user';
import {
  invalidField,
  isTimePosition,
  type PageTokens,
  pageTokens,
  runtimeError,
  type TimePosition,
} from '@rollcall/runtime/rpc';
import type { UserList } from '../users/user-reads.ts';
import { pageLimit } from './take-fitting.ts';
import { requireTimestamp } from './timestamp.ts';
import { viewFromMessage } from './user-message.ts';

const ORDERS = {
  '': { orderBy: 'createTime', descending: false },
  create_time: { orderBy: 'createTime', descending: false },
  'create_time desc': { orderBy: 'createTime', descending: true },
  update_time: { orderBy: 'updateTime', descending: false },
  'update_time desc': { orderBy: 'updateTime', descending: true },
} as const;

/** Page tokens that fit this request and no other. */
export function tokensFor(request: ListUsersRequest): PageTokens<TimePosition> {
  const { tenantId, view, filter, orderBy } = request;
  const moments = [filter?.createdFrom, filter?.createdBefore].map(
    (each) => each && [String(each.seconds), each.nanos],
  );
  return pageTokens(
    ['ListUsers', tenantId, view, orderBy, filter?.states ?? [], filter?.roles ?? [], ...moments],
    isTimePosition,
  );
}

/** What the request asks for. Throws RpcError PAGE_TOKEN_INVALID, FIELD_INVALID, NOT_IMPLEMENTED. */
export function listFromRequest(request: ListUsersRequest, tokens: PageTokens<TimePosition>): UserList {
  const { filter } = request;
  const after = tokens.read(request.pageToken);
  if (filter?.tags.length || filter?.activeFrom || filter?.activeBefore) {
    throw notImplemented('filter.tags, filter.active_from and filter.active_before');
  }
  return {
    tenantId: request.tenantId,
    view: viewFromMessage(request.view),
    states: filter?.states.length ? filter.states.map(stateFromMessage) : ['ACTIVE', 'SUSPENDED'],
    roles: (filter?.roles ?? []).map(roleFromMessage),
    ...(filter?.createdFrom && {
      createdFrom: requireTimestamp('filter.created_from', filter.createdFrom),
    }),
    ...(filter?.createdBefore && {
      createdBefore: requireTimestamp('filter.created_before', filter.createdBefore),
    }),
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
  if (/^display_name( desc)?$/.test(orderBy)) throw notImplemented('order_by display_name');
  const description = `must be empty or one of ${Object.keys(ORDERS).filter(Boolean).join(', ')}`;
  throw invalidField('order_by', description);
}

function notImplemented(what: string) {
  return runtimeError('NOT_IMPLEMENTED', `${what}: not implemented yet; leave it out.`, {
    metadata: { field: what },
  });
}

// Field rules have refused every other value by now.
function stateFromMessage(state: UserState): UserList['states'][number] {
  if (state === UserState.DELETED) return 'DELETED';
  return state === UserState.SUSPENDED ? 'SUSPENDED' : 'ACTIVE';
}

function roleFromMessage(role: UserRole): UserList['roles'][number] {
  if (role === UserRole.ADMIN) return 'ADMIN';
  return role === UserRole.VENDOR ? 'VENDOR' : 'CUSTOMER';
}
