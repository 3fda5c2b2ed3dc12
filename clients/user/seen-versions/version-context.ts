import { AsyncLocalStorage } from 'node:async_hooks';
import type { User } from '@rollcall/contract/user';
import { showValue } from '@rollcall/transport';
import type { SeenVersion } from '../model/change-sink.ts';
import { publish } from '../model/diagnostics.ts';
import { UserClientOptionError } from '../model/errors.ts';
import { toTenantId, toUserId, toVersion } from '../options/ids.ts';
import { decodeSeenVersions, encodeSeenVersions, SEEN_HEADER } from './seen-header.ts';

/**
 * Most versions of one context, far more than one request writes. The one seen longest ago is dropped first.
 */
export const MAX_SEEN_VERSIONS = 1_000;

type SeenVersions = Map<string, SeenVersion>;

/** The versions that one context has seen since `forgetSeenVersions`. */
interface SeenContext {
  era: number;
  readonly versions: SeenVersions;
}

const contexts = new AsyncLocalStorage<SeenContext>();
let era = 0;
// False in most processes, whose hits then skip the look for a context.
let isInUse = false;

/**
 * Runs `act` in a context that has seen these versions, given oldest first: no read within it answers an
 * older one. One context is one request. Versions recorded within it hold for all of it, and nowhere else. A
 * nested context starts with the versions of the outer one, and keeps new ones to itself.
 * @throws UserClientOptionError when a version is invalid
 */
export function withSeenVersions<Result>(seen: Iterable<SeenVersion>, act: () => Result): Result {
  const versions: SeenVersions = new Map(currentVersions());
  let at = 0;
  for (const one of toIterable(seen)) record(versions, toSeenVersion(one, `seen[${at++}]`));
  isInUse = true;
  return contexts.run({ era, versions }, act);
}

/**
 * Makes every context of the process forget its versions: the service's database was replaced or went back,
 * and none of them need exist. A process has one user service.
 */
export function forgetSeenVersions(): void {
  era += 1;
}

/** The versions of the current context. Undefined: there is no context. */
function currentVersions(): SeenVersions | undefined {
  const context = contexts.getStore();
  if (context !== undefined && context.era !== era) {
    context.versions.clear();
    context.era = era;
  }
  return context?.versions;
}

/**
 * Runs `act` in a context with the versions of a caller's header. An invalid header is ignored, and reported
 * on `rollcall:user-client:seen-header-ignored`.
 */
export function withSeenHeader<Result>(headers: Pick<Headers, 'get'>, act: () => Result): Result {
  return withSeenVersions(readSeenHeader(headers), act);
}

/**
 * Records that a version exists, for later reads of the current context. Returns false outside a context.
 * @throws UserClientOptionError when the version is invalid
 */
export function recordSeenVersion(seen: SeenVersion): boolean {
  const versions = currentVersions();
  if (versions !== undefined) record(versions, toSeenVersion(seen, 'seen'));
  return versions !== undefined;
}

/**
 * Records the user that a write answered: `recordWrittenUser((await admin.updateUser(…)).user)`. Ignores
 * undefined.
 */
export function recordWrittenUser(user: Pick<User, 'tenantId' | 'id' | 'version'> | undefined): boolean {
  return user !== undefined && recordSeenVersion(user);
}

/** Records the versions in the header of another service's answer. */
export function recordSeenHeader(headers: Pick<Headers, 'get'>): void {
  if (currentVersions() !== undefined) for (const one of readSeenHeader(headers)) recordSeenVersion(one);
}

/** Whether the current context has seen any version. Hits check it first. */
export function hasSeenVersions(): boolean {
  if (!isInUse) return false;
  const versions = currentVersions();
  return versions !== undefined && versions.size > 0;
}

/** The lowest version of this user that a read in the current context may answer. 0n: any. */
export function minSeenVersion(tenantId: string, id: string): bigint {
  if (!hasSeenVersions()) return 0n;
  return currentVersions()?.get(toKey(tenantId, id))?.version ?? 0n;
}

/** Whether the current context has seen a newer version of this user. */
export function hasSeenNewer({ tenantId, id, version }: SeenVersion): boolean {
  return version < minSeenVersion(tenantId, id);
}

/**
 * The value of SEEN_HEADER for a call or an answer of the current context. Undefined: there are no versions,
 * or no context.
 */
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

/** Checked when it is recorded: an error of a later read or header would be far from its cause. */
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
  // Version 0 says nothing of a user, and would make a header invalid.
  if (version === 0n) return;
  const key = `${tenantId}/${id}`;
  const known = versions.get(key)?.version ?? 0n;
  // Deleted first, because a map keeps the order of insertion: the version is now the newest.
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
