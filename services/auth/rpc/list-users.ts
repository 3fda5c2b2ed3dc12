import { toBinary, toJson } from '@bufbuild/protobuf';
import { timestampDate } from '@bufbuild/protobuf/wkt';
import {
  type ListUsersRequest,
  ListUsersRequestSchema,
  type User as UserMessage,
  UserRole,
  UserSchema,
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
import { viewFromMessage } from './user-message.ts';

const DEFAULT_PAGE_SIZE = 50;
const MAX_PAGE_SIZE = 1000;

// What fits into a message of 4 MiB, with room for what stands around the users.
const MAX_ANSWER_BYTES = 4_000_000;

const ORDERS = {
  '': { orderBy: 'createTime', descending: false },
  create_time: { orderBy: 'createTime', descending: false },
  'create_time desc': { orderBy: 'createTime', descending: true },
  update_time: { orderBy: 'updateTime', descending: false },
  'update_time desc': { orderBy: 'updateTime', descending: true },
} as const;

/** Page tokens that fit this request and no other. */
export function tokensFor(request: ListUsersRequest): PageTokens<TimePosition> {
  const { pageToken: _, pageSize: __, ...rest } = request;
  return pageTokens(
    ['ListUsers', toJson(ListUsersRequestSchema, { ...rest, pageToken: '', pageSize: 0 })],
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
      createdFrom: timestampDate(filter.createdFrom),
    }),
    ...(filter?.createdBefore && {
      createdBefore: timestampDate(filter.createdBefore),
    }),
    ...orderOf(request.orderBy),
    limit: Math.min(request.pageSize || DEFAULT_PAGE_SIZE, MAX_PAGE_SIZE),
    ...(after && { after }),
  };
}

/** As many of these users, from the first on, as fit into one answer; at least one. */
export function takeFitting(users: UserMessage[]): UserMessage[] {
  let bytes = 0;
  const tooMany = users.findIndex((user, i) => {
    // Tag and length come before each.
    bytes += toBinary(UserSchema, user).byteLength + 6;
    return i > 0 && bytes > MAX_ANSWER_BYTES;
  });
  return tooMany < 0 ? users : users.slice(0, tooMany);
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
