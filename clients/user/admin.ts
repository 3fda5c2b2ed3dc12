// Public API of @rollcall/user-client/admin, for consoles, imports and services that change users.
import { UserAdminService } from '@rollcall/contract/user';
import { type ConnectionOptions, createServiceClient, type ServiceClient } from '@rollcall/transport';

/**
 * Connect's typed client of UserAdminService, with `close`. It has no cache: callers that change users need
 * the current ones.
 */
export type UserAdminClient = ServiceClient<typeof UserAdminService>;

/**
 * Creates a client that changes users. Lists and searches are retried. Writes are not: repeat them with the
 * same `requestId`.
 * @throws TransportOptionError
 */
export function createUserAdminClient(options: ConnectionOptions): UserAdminClient {
  return createServiceClient(UserAdminService, options);
}
