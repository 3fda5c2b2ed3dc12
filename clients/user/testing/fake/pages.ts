// Pages of lists: positions, page tokens, and limits by number and by size.

import { createHash } from 'node:crypto';
import { type DescMessage, type MessageShape, toBinary, toJsonString } from '@bufbuild/protobuf';
import { type User, UserSchema, type UserView } from '@rollcall/contract/user';
import { invalidField } from './model/refusal.ts';
import { toView } from './model/views.ts';

const DEFAULT_PAGE_SIZE = 50;
const MAX_PAGE_SIZE = 1000;

/** A position in a list: a sort key, then the id. */
export type PagePosition = readonly [key: string, id: string];

/** An item of a page, and its size in a response. */
export interface PageItem<T> {
  readonly item: T;
  readonly position: PagePosition;
  readonly bytes: number;
}

// Bytes. Leaves room for the rest of a message of 4 MiB.
const MAX_ANSWER_BYTES = 4_000_000;

/**
 * The page of a request, newest first, limited by page size and by bytes.
 * @param fingerprint of `requestFingerprint`
 */
export function toPage<T>(
  all: readonly PageItem<T>[],
  fingerprint: string,
  request: { readonly pageSize: number; readonly pageToken: string },
): { items: T[]; nextPageToken: string } {
  const before = readPageToken(fingerprint, request.pageToken);
  const remaining = all
    .filter(({ position }) => before === undefined || comparePositions(position, before) < 0)
    .sort((one, other) => comparePositions(other.position, one.position));
  const page = limitBySize(remaining.slice(0, toPageSize(request)));
  const last = page.at(-1);
  return {
    items: page.map(({ item }) => item),
    nextPageToken: last && page.length < remaining.length ? writePageToken(fingerprint, last.position) : '',
  };
}

function limitBySize<T extends { readonly bytes: number }>(items: readonly T[]): readonly T[] {
  let bytes = 0;
  const tooMany = items.findIndex((each, i) => {
    bytes += each.bytes;
    return i > 0 && bytes > MAX_ANSWER_BYTES;
  });
  return tooMany < 0 ? items : items.slice(0, tooMany);
}

/** Compares two positions for `sort`. */
export function comparePositions([keyA, idA]: PagePosition, [keyB, idB]: PagePosition): number {
  if (keyA !== keyB) return keyA < keyB ? -1 : 1;
  return idA < idB ? -1 : Number(idA > idB);
}

/** The page size of a request, or its default. */
export function toPageSize({ pageSize }: { readonly pageSize: number }): number {
  return Math.min(pageSize || DEFAULT_PAGE_SIZE, MAX_PAGE_SIZE);
}

/** The first users that fit into a response in this view; at least one. */
export function limitUsersBySize(users: readonly User[], view: UserView): User[] {
  const shown = users.map((user) => toView(user, view));
  const sized = shown.map((user) => ({ user, bytes: toBinary(UserSchema, user).byteLength + 6 }));
  return limitBySize(sized).map(({ user }) => user);
}

/** A fingerprint of all parts of a request that must not change between pages. */
export function requestFingerprint<M extends DescMessage>(schema: M, request: MessageShape<M>): string {
  const json = toJsonString(schema, { ...request, pageToken: '', pageSize: 0 });
  return createHash('sha256').update(json).digest('base64url').slice(0, 12);
}

/** The page token of a position. */
export function writePageToken(fingerprint: string, position: PagePosition): string {
  return Buffer.from(JSON.stringify([fingerprint, ...position])).toString('base64url');
}

/**
 * The position of a page token. Undefined: the token is empty.
 * @throws ConnectError PAGE_TOKEN_INVALID when it belongs to another request
 */
export function readPageToken(fingerprint: string, token: string): PagePosition | undefined {
  if (token === '') return undefined;
  try {
    const [written, key, id] = JSON.parse(Buffer.from(token, 'base64url').toString()) as unknown[];
    if (written === fingerprint && typeof key === 'string' && typeof id === 'string') return [key, id];
  } catch {
    // Not a token of this service: refused below.
  }
  throw invalidField(
    'page_token',
    'is not a token of this request: begin again without one',
    'PAGE_TOKEN_INVALID',
  );
}
