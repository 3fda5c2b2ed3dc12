import { UserClientOptionError } from './errors.ts';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const TENANT_ID = /^[a-z0-9][a-z0-9-]{0,62}$/;

/** The id in lower case. Throws UserClientOptionError that names the argument. */
export function toUserId(id: unknown, argument: string): string {
  // Almost every id is in lower case as it comes.
  if (typeof id === 'string' && UUID.test(id)) return id;
  const lower = typeof id === 'string' ? id.toLowerCase() : '';
  if (UUID.test(lower)) return lower;
  throw new UserClientOptionError(argument, `${show(id)} is not a UUID`);
}

/** The ids in lower case, in their order. Throws UserClientOptionError that names the first one at fault. */
export function toUserIds(
  ids: readonly unknown[],
  maxIds: number,
  nameOf = (place: number) => `ids[${place}]`,
): string[] {
  if (!Array.isArray(ids)) throw new UserClientOptionError('ids', `${show(ids)} is not an array`);
  if (ids.length > maxIds) {
    throw new UserClientOptionError(
      'ids',
      `${ids.length} are more than maxIdsPerCall ${maxIds}; ask in parts`,
    );
  }
  return ids.map((id, i) => (typeof id === 'string' && UUID.test(id) ? id : toUserId(id, nameOf(i))));
}

/** The tenant id as it is. Throws UserClientOptionError. */
export function toTenantId(tenantId: unknown): string {
  if (typeof tenantId === 'string' && TENANT_ID.test(tenantId)) return tenantId;
  throw new UserClientOptionError(
    'tenantId',
    `${show(tenantId)} is not 1 to 63 lower-case letters, digits and hyphens that begin with a letter or digit`,
  );
}

function show(value: unknown): string {
  return typeof value === 'string' ? `'${value.slice(0, 80)}'` : value === null ? 'null' : typeof value;
}
