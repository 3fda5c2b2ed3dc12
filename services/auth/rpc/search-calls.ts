import { create, toJsonString } from '@bufbuild/protobuf';
import { isStorable } from '@rollcall/contract/request-content';
import { isSearchable, TOO_SHORT } from '@rollcall/contract/text';
import {
  type ListUsersRequest,
  ListUsersResponseSchema,
  ProfileSchema,
  type SearchUsersRequest,
  SearchUsersResponseSchema,
  type User as UserMessage,
} from '@rollcall/contract/user';
import { invalidField, isTimePosition, type PageTokens, pageTokens } from '@rollcall/runtime/rpc';
import type { UserList, UserPosition } from '../users/reading/user-reads.ts';
import { type SearchPosition, searchUsers } from '../users/searching/search-users.ts';
import type { AdminCalls, AdminDependencies } from './admin-calls.ts';
import { limitBySize, pageLimit } from './page.ts';
import { filterFromMessage, filterTokenParts } from './request-fields.ts';
import { toUserMessage, viewFromMessage } from './user-message.ts';

/** Implements ListUsers and SearchUsers. */
export function searchCalls({ reads, search }: AdminDependencies): AdminCalls<'listUsers' | 'searchUsers'> {
  return {
    async listUsers(request) {
      const tokens = tokensFor(request);
      const list = listFromRequest(request, tokens);
      const page = await reads.list(list);
      const users = limitBySize(
        page.listed.map(({ user }) => toUserMessage(user)),
        maxUserBytes,
      );
      // A page that is too large for one answer is cut, and the next continues after its last user.
      const next = users.length < page.listed.length ? page.listed[users.length - 1]?.position : page.next;
      return create(ListUsersResponseSchema, { users, nextPageToken: next ? tokens.write(next) : '' });
    },
    async searchUsers(request) {
      if (!isSearchable(request.query)) throw invalidField('query', TOO_SHORT);
      const tokens = searchTokens(request);
      const position = tokens.read(request.pageToken);
      const page = await searchUsers(search, {
        query: request.query,
        filter: filterFromMessage(request.tenantId, request.filter),
        view: viewFromMessage(request.view),
        limit: pageLimit(request),
        ...(position && { position }),
      });
      const users = limitBySize(
        page.found.map(({ user }) => toUserMessage(user)),
        maxUserBytes,
      );
      const matches = users.map((user, i) => {
        const { points = 0, matchedFields = [] } = page.found[i] ?? {};
        return { user, score: points / 1_000_000, matchedFields: [...matchedFields] };
      });
      const next = users.length < page.found.length ? page.found[users.length - 1]?.position : page.next;
      return create(SearchUsersResponseSchema, { matches, nextPageToken: next ? tokens.write(next) : '' });
    },
  };
}

function searchTokens({ tenantId, query, view, filter }: SearchUsersRequest): PageTokens<SearchPosition> {
  return pageTokens(['SearchUsers', tenantId, query, view, ...filterTokenParts(filter)], isSearchPosition);
}

const ORDERS = {
  '': { orderBy: 'createTime', descending: false },
  create_time: { orderBy: 'createTime', descending: false },
  'create_time desc': { orderBy: 'createTime', descending: true },
  update_time: { orderBy: 'updateTime', descending: false },
  'update_time desc': { orderBy: 'updateTime', descending: true },
  display_name: { orderBy: 'displayName', descending: false },
  'display_name desc': { orderBy: 'displayName', descending: true },
} as const;

/** Page tokens that are valid for this request only. */
function tokensFor(request: ListUsersRequest): PageTokens<UserPosition> {
  const { tenantId, view, filter, orderBy } = request;
  return pageTokens(
    ['ListUsers', tenantId, view, orderBy, ...filterTokenParts(filter)],
    orderBy.startsWith('display_name') ? isNamePosition : isTimedPosition,
  );
}

/**
 * Reads a ListUsers request.
 * @throws RpcError PAGE_TOKEN_INVALID, FIELD_INVALID.
 */
function listFromRequest(request: ListUsersRequest, tokens: PageTokens<UserPosition>): UserList {
  const after = tokens.read(request.pageToken);
  return {
    filter: filterFromMessage(request.tenantId, request.filter),
    view: viewFromMessage(request.view),
    ...orderOf(request.orderBy),
    limit: pageLimit(request),
    ...(after && { after }),
  };
}

// The size of all names and field names, in JSON with every character escaped. Field rules bound them, but
// not the profile.
const USER_BYTES = 3_000;

/** Upper bound for the size of a user in either encoding. Bytes. */
export function maxUserBytes(user: UserMessage): number {
  const texts = [user.firstName, user.lastName, user.displayName, user.businessName, user.profileImage];
  const names = texts.reduce((sum, { length }) => sum + 6 * length, USER_BYTES);
  return user.profile ? names + Buffer.byteLength(toJsonString(ProfileSchema, user.profile)) : names;
}

function orderOf(orderBy: string): (typeof ORDERS)[keyof typeof ORDERS] {
  if (Object.hasOwn(ORDERS, orderBy)) return ORDERS[orderBy as keyof typeof ORDERS];
  const description = `must be empty or one of ${Object.keys(ORDERS).filter(Boolean).join(', ')}`;
  throw invalidField('order_by', description);
}

function isTimedPosition(value: unknown): value is UserPosition {
  const { key, id } = (value ?? {}) as Partial<UserPosition>;
  return isTimePosition({ timeMs: key, id });
}

function isNamePosition(value: unknown): value is UserPosition {
  const { key, id } = (value ?? {}) as Partial<UserPosition>;
  return typeof key === 'string' && isStorable(key) && isTimePosition({ timeMs: 0, id });
}

/** Whether a value is a valid position. A page token may be forged. */
function isSearchPosition(value: unknown): value is SearchPosition {
  if (typeof value !== 'object' || value === null) return false;
  if ('contact' in value) return isId(value.contact);
  const { lead, from, after } = value as Record<string, unknown>;
  return isCount(lead) && (from === undefined || isPlace(from)) && (after === undefined || isMatch(after));
}

function isPlace(value: unknown): boolean {
  const { points, word, id } = (value ?? {}) as Record<string, unknown>;
  return isCount(points) && typeof word === 'string' && isStorable(word) && (id === '' || isId(id));
}

function isMatch(value: unknown): boolean {
  const { points, id } = (value ?? {}) as Record<string, unknown>;
  return isCount(points) && isId(id);
}

function isCount(value: unknown): boolean {
  return Number.isInteger(value) && Number(value) >= 0 && Number(value) <= 1_000_000;
}

function isId(value: unknown): boolean {
  return isTimePosition({ timeMs: 0, id: value });
}
