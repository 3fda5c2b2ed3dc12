import { AsyncLocalStorage } from 'node:async_hooks';
import type { User } from '@rollcall/contract/user';
import { showValue } from '@rollcall/transport';
import type { SeenVersion } from '../model/change-sink.ts';
import { publish } from '../model/diagnostics.ts';
import { UserClientOptionError } from '../model/errors.ts';
import { toTenantId, toUserId, toVersion } from '../options/ids.ts';
import { decodeSeenVersions, encodeSeenVersions, SEEN_HEADER } from './seen-header.ts';

/** Most versions that one context holds; the one seen longest ago goes first. Far more than one request writes. */
export const MAX_SEEN_VERSIONS = 1_000;

type SeenVersions = Map<string, SeenVersion>;

/** What one context has seen, since all contexts forgot last. */
interface SeenContext {
  era: number;
  readonly versions: SeenVersions;
}

const contexts = new AsyncLocalStorage<SeenContext>();
let era = 0;
// Most processes never open a context, and their hits need not ask for one.
let isInUse = false;

/**
 * Runs `act`, and all that it awaits, knowing that these versions exist, oldest first: no read of a user inside answers an
 * older one. One context is one request: what is noted inside is known to all of it, and to nobody else. Inside another
 * context it begins with what that one knows, and keeps what it learns to itself. Throws UserClientOptionError where one of
 * them is none.
 */
export function withSeenVersions<Result>(seen: Iterable<SeenVersion>, act: () => Result): Result {
  const versions: SeenVersions = new Map(currentVersions());
  let at = 0;
  for (const one of toIterable(seen)) record(versions, toSeenVersion(one, `seen[${at++}]`));
  isInUse = true;
  return contexts.run({ era, versions }, act);
}

/**
 * Lets every context of the process forget what it has seen: the service's database is another one or went back, so that no
 * version need exist. A process has one user service.
 */
export function forgetSeenVersions(): void {
  era += 1;
}

/** Undefined: outside a context. */
function currentVersions(): SeenVersions | undefined {
  const context = contexts.getStore();
  if (context !== undefined && context.era !== era) {
    context.versions.clear();
    context.era = era;
  }
  return context?.versions;
}

/** `withSeenVersions` with what the caller of a service sent along. A header that cannot be read is ignored, and told on `rollcall:user-client:seen-header-ignored`. */
export function withSeenHeader<Result>(headers: Pick<Headers, 'get'>, act: () => Result): Result {
  return withSeenVersions(readSeenHeader(headers), act);
}

/**
 * Notes that a version exists, for all later reads of the same context. Answers false outside a context, where nothing is kept.
 * Throws UserClientOptionError where it is none.
 */
export function recordSeenVersion(seen: SeenVersion): boolean {
  const versions = currentVersions();
  if (versions !== undefined) record(versions, toSeenVersion(seen, 'seen'));
  return versions !== undefined;
}

/** Notes the user that a write answered: `recordWrittenUser((await admin.updateUser(…)).user)`. Undefined: nothing. */
export function recordWrittenUser(user: Pick<User, 'tenantId' | 'id' | 'version'> | undefined): boolean {
  return user !== undefined && recordSeenVersion(user);
}

/** Notes what the answer of another service says that it has seen or written. */
export function recordSeenHeader(headers: Pick<Headers, 'get'>): void {
  if (currentVersions() !== undefined) for (const one of readSeenHeader(headers)) recordSeenVersion(one);
}

/** Whether this context has seen any version at all: what a hit asks before it looks closer. */
export function hasSeenVersions(): boolean {
  if (!isInUse) return false;
  const versions = currentVersions();
  return versions !== undefined && versions.size > 0;
}

/** The lowest version of this user that a read in this context may answer. 0n: any, also outside a context. */
export function minSeenVersion(tenantId: string, id: string): bigint {
  if (!hasSeenVersions()) return 0n;
  return currentVersions()?.get(toKey(tenantId, id))?.version ?? 0n;
}

/** Whether this context has seen a newer version of this user. */
export function hasSeenNewer({ tenantId, id, version }: SeenVersion): boolean {
  return version < minSeenVersion(tenantId, id);
}

/** What this context has seen, for SEEN_HEADER of a call or of an answer. Undefined: nothing, or there is no context. */
export function seenHeader(): string | undefined {
  const versions = currentVersions();
  return versions && encodeSeenVersions([...versions.values()].reverse());
}

/** The versions of a header, oldest first. */
function readSeenHeader(headers: Pick<Headers, 'get'>): SeenVersion[] {
  if (typeof headers?.get !== 'function')
    throw new UserClientOptionError(
      'headers',
      `${showValue(headers)} is not Headers as fetch has them; give new Headers({ '${SEEN_HEADER}': … })`,
    );
  const header = headers.get(SEEN_HEADER);
  if (header === null || header === '') return [];
  const { seen, fault } = decodeSeenVersions(header);
  if (fault !== undefined) {
    publish('rollcall:user-client:seen-header-ignored', () => ({ header: SEEN_HEADER, fault }));
  }
  return seen?.toReversed() ?? [];
}

function toIterable(seen: Iterable<SeenVersion>): Iterable<SeenVersion> {
  if (typeof seen === 'object' && seen !== null && Symbol.iterator in seen) return seen;
  throw new UserClientOptionError('seen', `${showValue(seen)} is not a list of { tenantId, id, version }`);
}

/** Checked before it is noted: what no read can ask for, or no header carry, would fail far from who said it. */
function toSeenVersion(seen: SeenVersion, argument: string): SeenVersion {
  if (typeof seen !== 'object' || seen === null)
    throw new UserClientOptionError(argument, `${showValue(seen)} is not { tenantId, id, version }`);
  const { tenantId, id, version } = seen;
  return {
    tenantId: toTenantId(tenantId, `${argument}.tenantId`),
    id: toUserId(id, `${argument}.id`),
    version: toVersion(version, `${argument}.version`),
  };
}

function record(versions: SeenVersions, { tenantId, id, version }: SeenVersion): void {
  // Says nothing of the user, and in a header it would spoil what the others say.
  if (version === 0n) return;
  const key = `${tenantId}/${id}`;
  const known = versions.get(key)?.version ?? 0n;
  // Set anew, it is the newest; a map keeps the order in which keys came.
  versions.delete(key);
  const newest = known > version ? known : version;
  versions.set(key, { tenantId, id, version: newest });
  if (versions.size <= MAX_SEEN_VERSIONS) return;
  for (const oldest of versions.keys()) {
    versions.delete(oldest);
    return;
  }
}

function toKey(tenantId: string, id: string): string {
  return `${tenantId}/${id.toLowerCase()}`;
}
