// The door of @rollcall/user-client/admin, for consoles, imports and whoever else changes users.
import { UserAdminService } from '@rollcall/contract/user';
import { type ConnectionOptions, createServiceClient, type ServiceClient } from '@rollcall/transport';

/** Connect's typed client of UserAdminService, with `close`. Nothing is remembered: who changes users wants them as they are. */
export type UserAdminClient = ServiceClient<typeof UserAdminService>;

/**
 * Makes the client for those who change users. Its lists and searches are retried, its writes are not: repeat those with
 * the same `requestId`. Throws TransportOptionError.
 */
export function createUserAdminClient(options: ConnectionOptions): UserAdminClient {
  return createServiceClient(UserAdminService, options);
}
