import { createHash } from 'node:crypto';
import { type DescMessage, type MessageShape, toBinary, toJsonString } from '@bufbuild/protobuf';
import type { Timestamp } from '@bufbuild/protobuf/wkt';
import type { ServiceImpl } from '@connectrpc/connect';
import { foldText } from '@rollcall/contract/text';
import {
  type ListUsersRequest,
  ListUsersRequestSchema,
  type User,
  type UserAdminService,
  type UserFilter,
  UserSchema,
  UserState,
  type UserView,
} from '@rollcall/contract/user';
import { invalidField } from './model/refusal.ts';
import { nanosOf } from './model/timestamps.ts';
import type { UserStore } from './model/user-store.ts';
import { shownName, toView } from './model/views.ts';
import { requireMoment } from './user-fields.ts';

const DEFAULT_PAGE_SIZE = 50;
const MAX_PAGE_SIZE = 1000;
const MAX_ANSWER_BYTES = 4_000_000;
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

/** A place in a list: a text whose order is the list's, then the id. */
export type Place = readonly [key: string, id: string];

function orderOf({ orderBy }: ListUsersRequest): (user: User) => Place {
  if (!ORDERS.includes(orderBy))
    throw invalidField('order_by', `must be empty or one of ${ORDERS.filter(Boolean).join(', ')}`);
  if (orderBy.startsWith('display_name')) return (user) => [foldText(shownName(user)), user.id];
  const time = orderBy.startsWith('update_time') ? 'updateTime' : 'createTime';
  return (user) => [momentKeyOf(user[time]), user.id];
}

/** A moment as a text whose order is that of time. */
export function momentKeyOf(time: Timestamp | undefined): string {
  return String(nanosOf(time) + BEFORE_ALL_NANOS).padStart(24, '0');
}

// More than lies between the year 1 and 1970, so that no key is negative.
const BEFORE_ALL_NANOS = 10n ** 20n;

/** Which of two places comes first. */
export function compare([keyA, idA]: Place, [keyB, idB]: Place): number {
  if (keyA !== keyB) return keyA < keyB ? -1 : 1;
  return idA < idB ? -1 : Number(idA > idB);
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

/** How many a page may hold. */
export function pageSizeOf({ pageSize }: { readonly pageSize: number }): number {
  return Math.min(pageSize || DEFAULT_PAGE_SIZE, MAX_PAGE_SIZE);
}

/** As many, from the first on, as one answer holds; at least one. */
export function takeFitting(users: readonly User[], view: UserView): User[] {
  const shown = users.map((user) => toView(user, view));
  let bytes = 0;
  const tooMany = shown.findIndex((user, i) => {
    bytes += toBinary(UserSchema, user).byteLength + 6;
    return i > 0 && bytes > MAX_ANSWER_BYTES;
  });
  return tooMany < 0 ? shown : shown.slice(0, tooMany);
}

/** Ties a token to everything of the request that must stay the same. */
export function tieOf<M extends DescMessage>(schema: M, request: MessageShape<M>): string {
  const json = toJsonString(schema, { ...request, pageToken: '', pageSize: 0 });
  return createHash('sha256').update(json).digest('base64url').slice(0, 12);
}

/** The token of a place. */
export function toToken(tie: string, place: Place): string {
  return Buffer.from(JSON.stringify([tie, ...place])).toString('base64url');
}

/** The place of a token; undefined for the empty one. Throws where it belongs to another request. */
export function readToken(tie: string, token: string): Place | undefined {
  if (token === '') return undefined;
  try {
    const [written, key, id] = JSON.parse(Buffer.from(token, 'base64url').toString()) as unknown[];
    if (written === tie && typeof key === 'string' && typeof id === 'string') return [key, id];
  } catch {
    // Not one of ours; told below like any other that does not fit.
  }
  throw invalidField(
    'page_token',
    'is not a token of this request: begin again without one',
    'PAGE_TOKEN_INVALID',
  );
}
