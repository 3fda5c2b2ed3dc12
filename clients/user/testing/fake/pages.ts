import { createHash } from 'node:crypto';
import { type DescMessage, type MessageShape, toBinary, toJsonString } from '@bufbuild/protobuf';
import { type User, UserSchema, type UserView } from '@rollcall/contract/user';
import { invalidField } from './model/refusal.ts';
import { toView } from './model/views.ts';

const DEFAULT_PAGE_SIZE = 50;
const MAX_PAGE_SIZE = 1000;

/** A place in a list: a text whose order is the list's, then the id. */
export type PagePosition = readonly [key: string, id: string];

/** Something of which pages are made, and how many bytes it takes in an answer. */
export interface PageItem<T> {
  readonly item: T;
  readonly position: PagePosition;
  readonly bytes: number;
}

// What fits into a message of 4 MiB, with room for what stands around.
const MAX_ANSWER_BYTES = 4_000_000;

/** The page of a request, newest first: as many as were asked for, or as one answer holds. `tie`: as of `requestFingerprint`. */
export function toPage<T>(
  all: readonly PageItem<T>[],
  tie: string,
  request: { readonly pageSize: number; readonly pageToken: string },
): { items: T[]; nextPageToken: string } {
  const before = readPageToken(tie, request.pageToken);
  const behind = all
    .filter(({ position: place }) => before === undefined || comparePositions(place, before) < 0)
    .sort((one, other) => comparePositions(other.position, one.position));
  const page = limitBySize(behind.slice(0, toPageSize(request)));
  const last = page.at(-1);
  return {
    items: page.map(({ item }) => item),
    nextPageToken: last && page.length < behind.length ? writePageToken(tie, last.position) : '',
  };
}

function limitBySize<T>(items: readonly PageItem<T>[]): readonly PageItem<T>[] {
  let bytes = 0;
  const tooMany = items.findIndex((each, i) => {
    bytes += each.bytes;
    return i > 0 && bytes > MAX_ANSWER_BYTES;
  });
  return tooMany < 0 ? items : items.slice(0, tooMany);
}

/** Which of two places comes first. */
export function comparePositions([keyA, idA]: PagePosition, [keyB, idB]: PagePosition): number {
  if (keyA !== keyB) return keyA < keyB ? -1 : 1;
  return idA < idB ? -1 : Number(idA > idB);
}

/** How many a page may hold. */
export function toPageSize({ pageSize }: { readonly pageSize: number }): number {
  return Math.min(pageSize || DEFAULT_PAGE_SIZE, MAX_PAGE_SIZE);
}

/** As many, from the first on, as one answer holds; at least one. */
export function limitUsersBySize(users: readonly User[], view: UserView): User[] {
  const shown = users.map((user) => toView(user, view));
  let bytes = 0;
  const tooMany = shown.findIndex((user, i) => {
    bytes += toBinary(UserSchema, user).byteLength + 6;
    return i > 0 && bytes > MAX_ANSWER_BYTES;
  });
  return tooMany < 0 ? shown : shown.slice(0, tooMany);
}

/** Ties a token to everything of the request that must stay the same. */
export function requestFingerprint<M extends DescMessage>(schema: M, request: MessageShape<M>): string {
  const json = toJsonString(schema, { ...request, pageToken: '', pageSize: 0 });
  return createHash('sha256').update(json).digest('base64url').slice(0, 12);
}

/** The token of a place. */
export function writePageToken(tie: string, place: PagePosition): string {
  return Buffer.from(JSON.stringify([tie, ...place])).toString('base64url');
}

/** The place of a token; undefined for the empty one. Throws where it belongs to another request. */
export function readPageToken(tie: string, token: string): PagePosition | undefined {
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
