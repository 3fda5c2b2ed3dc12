import { showValue } from '@rollcall/transport';
import { UserClientOptionError } from '../model/errors.ts';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const TENANT_ID = /^[a-z0-9][a-z0-9-]{0,62}$/;

/** The highest possible version: the wire has a signed 64-bit number for it. */
export const MAX_VERSION = 2n ** 63n - 1n;

/** The id in lower case. @throws UserClientOptionError that names the argument */
export function toUserId(id: unknown, argument: string): string {
  // Almost every id comes in lower case.
  if (typeof id === 'string' && UUID.test(id)) return id;
  const lower = typeof id === 'string' ? id.toLowerCase() : '';
  if (UUID.test(lower)) return lower;
  throw new UserClientOptionError(argument, `${showValue(id)} is not a UUID`);
}

/** The ids in lower case, in their order. @throws UserClientOptionError that names the first id at fault */
export function toUserIds(
  ids: readonly unknown[],
  maxIds: number,
  nameOf = (place: number) => `ids[${place}]`,
): string[] {
  checkList(ids, 'ids', maxIds);
  const lowerIds: string[] = [];
  // Not `map`, which skips the holes of a sparse array.
  for (let i = 0; i < ids.length; i++) {
    const id = ids[i];
    lowerIds.push(typeof id === 'string' && UUID.test(id) ? id : toUserId(id, nameOf(i)));
  }
  return lowerIds;
}

/** Checks a list of ids or keys. @throws UserClientOptionError when it is not an array, or too long */
export function checkList(list: readonly unknown[], argument: string, maxLength: number): void {
  if (!Array.isArray(list)) throw new UserClientOptionError(argument, `${showValue(list)} is not an array`);
  if (list.length <= maxLength) return;
  throw new UserClientOptionError(
    argument,
    `${list.length} are more than maxIdsPerCall ${maxLength}; ask in parts`,
  );
}

/** Checks a version. @throws UserClientOptionError that names the argument */
export function toVersion(version: unknown, argument: string): bigint {
  if (typeof version === 'bigint' && version >= 0n && version <= MAX_VERSION) return version;
  throw new UserClientOptionError(
    argument,
    `${showValue(version)} is not a bigint from 0n to 2n ** 63n - 1n`,
  );
}

/** Checks a tenant id. @throws UserClientOptionError that names the argument */
export function toTenantId(tenantId: unknown, argument = 'tenantId'): string {
  if (typeof tenantId === 'string' && TENANT_ID.test(tenantId)) return tenantId;
  throw new UserClientOptionError(
    argument,
    `${showValue(tenantId)} is not 1 to 63 lower-case letters, digits and hyphens that begin with a letter or digit`,
  );
}
