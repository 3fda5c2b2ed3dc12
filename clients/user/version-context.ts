import { AsyncLocalStorage } from 'node:async_hooks';
import { channel } from 'node:diagnostics_channel';
import type { User } from '@rollcall/contract/user';
import type { SeenVersion } from './change-feed.ts';
import { decodeSeenVersions, encodeSeenVersions, SEEN_HEADER } from './seen-header.ts';

/** Most versions that one context holds; the one seen longest ago goes first. Far more than one request writes. */
export const MAX_SEEN_VERSIONS = 1_000;

/** Diagnostics channel of headers that were ignored: `{ header: string, fault: string }`. */
export const SEEN_HEADER_IGNORED = 'rollcall:user-client:seen-header-ignored';

type SeenVersions = Map<string, SeenVersion>;

const contexts = new AsyncLocalStorage<SeenVersions>();
// Most processes never open a context, and their hits need not ask for one.
let isInUse = false;
const ignored = channel(SEEN_HEADER_IGNORED);

/**
 * Runs `act`, and all that it awaits, knowing that these versions exist, oldest first: no read of a user inside answers an
 * older one. One context is one request: what is noted inside is known to all of it, and to nobody else. Inside another
 * context it begins with what that one knows, and keeps what it learns to itself.
 */
export function withSeenVersions<Result>(seen: Iterable<SeenVersion>, act: () => Result): Result {
  const versions: SeenVersions = new Map(contexts.getStore());
  for (const one of seen) note(versions, one);
  isInUse = true;
  return contexts.run(versions, act);
}

/** `withSeenVersions` with what the caller of a service sent along. A header that cannot be read is ignored, and published on SEEN_HEADER_IGNORED. */
export function withSeenHeader<Result>(headers: Pick<Headers, 'get'>, act: () => Result): Result {
  return withSeenVersions(readSeenHeader(headers), act);
}

/** Notes that a version exists, for all later reads of the same context. Answers false outside a context, where nothing is kept. */
export function noteSeenVersion(seen: SeenVersion): boolean {
  const versions = contexts.getStore();
  if (versions !== undefined) note(versions, seen);
  return versions !== undefined;
}

/** Notes the user that a write answered: `noteWrittenUser((await admin.updateUser(…)).user)`. Undefined: nothing. */
export function noteWrittenUser(user: Pick<User, 'tenantId' | 'id' | 'version'> | undefined): boolean {
  return user !== undefined && noteSeenVersion(user);
}

/** Notes what the answer of another service says that it has seen or written. */
export function noteSeenHeader(headers: Pick<Headers, 'get'>): void {
  if (contexts.getStore() !== undefined) for (const one of readSeenHeader(headers)) noteSeenVersion(one);
}

/** Whether this context has seen any version at all: what a hit asks before it looks closer. */
export function hasSeenVersions(): boolean {
  if (!isInUse) return false;
  const versions = contexts.getStore();
  return versions !== undefined && versions.size > 0;
}

/** The lowest version of this user that a read in this context may answer. 0n: any, also outside a context. */
export function currentFloor(tenantId: string, id: string): bigint {
  if (!hasSeenVersions()) return 0n;
  return contexts.getStore()?.get(toKey(tenantId, id))?.version ?? 0n;
}

/** Whether this context has seen a newer version of this user. */
export function hasSeenNewer({ tenantId, id, version }: SeenVersion): boolean {
  return version < currentFloor(tenantId, id);
}

/** What this context has seen, for SEEN_HEADER of a call or of an answer. Undefined: nothing, or there is no context. */
export function seenHeader(): string | undefined {
  const versions = contexts.getStore();
  return versions && encodeSeenVersions([...versions.values()].reverse());
}

/** The versions of a header, oldest first. */
function readSeenHeader(headers: Pick<Headers, 'get'>): SeenVersion[] {
  const header = headers.get(SEEN_HEADER);
  if (header === null || header === '') return [];
  const { seen, fault } = decodeSeenVersions(header);
  if (fault !== undefined) ignored.publish({ header: SEEN_HEADER, fault });
  return seen?.toReversed() ?? [];
}

function note(versions: SeenVersions, { tenantId, id, version }: SeenVersion): void {
  const key = toKey(tenantId, id);
  const known = versions.get(key)?.version ?? 0n;
  // Set anew, it is the newest; a map keeps the order in which keys came.
  versions.delete(key);
  const newest = known > version ? known : version;
  versions.set(key, { tenantId, id: id.toLowerCase(), version: newest });
  if (versions.size <= MAX_SEEN_VERSIONS) return;
  for (const oldest of versions.keys()) {
    versions.delete(oldest);
    return;
  }
}

function toKey(tenantId: string, id: string): string {
  return `${tenantId}/${id.toLowerCase()}`;
}
