/**
 * The services, in the order in which they start and against which they stop. Each has a database of its own; its role and its
 * database bear its name.
 */
export const SERVICES = ['auth', 'booking', 'vendor', 'billing'] as const;

/** One of the services. */
export type ServiceName = (typeof SERVICES)[number];
