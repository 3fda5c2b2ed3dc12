/**
 * The services, in the order in which they start and against which they stop. Each has a database of its own; its role and its
 * database bear its name.
 */
export const SERVICES = ['auth', 'booking', 'vendor', 'billing'] as const;

/** One of the services. */
export type ServiceName = (typeof SERVICES)[number];

const OWNERS: ReadonlyMap<string, string> = new Map([['auth', 'auth_owner']]);

/**
 * The role that owns the database of a service and runs its migrations. Auth has one beside its own role, so that the service
 * cannot change its audit log; every other service owns its database.
 */
export function ownerOf(service: string): string {
  return OWNERS.get(service) ?? service;
}
