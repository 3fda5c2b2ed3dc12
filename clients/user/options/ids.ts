import { showValue } from '@rollcall/transport';
import { UserClientOptionError } from '../model/errors.ts';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const TENANT_ID = /^[a-z0-9][a-z0-9-]{0,62}$/;

/** The highest version there can be: the wire has 64 bits for it, one of them the sign. */
export const MAX_VERSION = 2n ** 63n - 1n;

/** The id in lower case. Throws UserClientOptionError that names the argument. */
export function toUserId(id: unknown, argument: string): string {
  // Almost every id is in lower case as it comes.
  if (typeof id === 'string' && UUID.test(id)) return id;
  const lower = typeof id === 'string' ? id.toLowerCase() : '';
  if (UUID.test(lower)) return lower;
  throw new UserClientOptionError(argument, `${showValue(id)} is not a UUID`);
}

/** The ids in lower case, in their order. Throws UserClientOptionError that names the first one at fault. */
export function toUserIds(
  ids: readonly unknown[],
  maxIds: number,
  nameOf = (place: number) => `ids[${place}]`,
): string[] {
  checkList(ids, 'ids', maxIds);
  const lowerIds: string[] = [];
  // Not `map`, which leaves out the holes of a sparse array.
  for (let i = 0; i < ids.length; i++) {
    const id = ids[i];
    lowerIds.push(typeof id === 'string' && UUID.test(id) ? id : toUserId(id, nameOf(i)));
  }
  return lowerIds;
}

/** Throws UserClientOptionError where it is not an array, or a longer one than a call may bring. */
export function checkList(list: readonly unknown[], argument: string, maxLength: number): void {
  if (!Array.isArray(list)) throw new UserClientOptionError(argument, `${showValue(list)} is not an array`);
  if (list.length <= maxLength) return;
  throw new UserClientOptionError(
    argument,
    `${list.length} are more than maxIdsPerCall ${maxLength}; ask in parts`,
  );
}

/** The version as it is. Throws UserClientOptionError that names the argument. */
export function toVersion(version: unknown, argument: string): bigint {
  if (typeof version === 'bigint' && version >= 0n && version <= MAX_VERSION) return version;
  throw new UserClientOptionError(
    argument,
    `${showValue(version)} is not a bigint from 0n to 2n ** 63n - 1n`,
  );
}

/** The tenant id as it is. Throws UserClientOptionError that names the argument. */
export function toTenantId(tenantId: unknown, argument = 'tenantId'): string {
  if (typeof tenantId === 'string' && TENANT_ID.test(tenantId)) return tenantId;
  throw new UserClientOptionError(
    argument,
    `${showValue(tenantId)} is not 1 to 63 lower-case letters, digits and hyphens that begin with a letter or digit`,
  );
}
