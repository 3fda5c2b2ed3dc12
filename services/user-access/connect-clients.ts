import { UserService } from '@rollcall/contract/user';
import { StartupError } from '@rollcall/runtime';
import { createServiceClient, type ServiceClient } from '@rollcall/transport';
import { createUserClient, TransportOptionError, type UserClient } from '@rollcall/user-client';
import { createUserAdminClient, type UserAdminClient } from '@rollcall/user-client/admin';
import type { AuthCredentials } from './auth-credentials.ts';
import { passOnRequestId } from './rpc/pass-on-request-id.ts';
import type { UserAccessConfig } from './settings.ts';
import { prepareSnapshotFolder } from './snapshot-folder.ts';
import { LOOKUP_TIMEOUT_MS } from './users/remote-users.ts';

/** The ways to the user service. They connect on demand; whoever makes them closes them. */
export interface UserClients {
  readonly client: UserClient;
  readonly admin: UserAdminClient;
  readonly fresh: ServiceClient<typeof UserService>;
}

/** What they are made with. */
export interface ConnectOptions {
  readonly credentials: AuthCredentials;
  /** Of the variables: `VENDOR`. */
  readonly prefix: string;
  /** Monotonic, in ms. */
  readonly clock: () => number;
}

/**
 * Makes the clients of the user service, of which nothing is asked yet.
 * @throws StartupError where the address cannot be one, or no snapshot can be written.
 */
export function connectClients(
  { authAddress: address, usersSnapshotPath }: Pick<UserAccessConfig, 'authAddress' | 'usersSnapshotPath'>,
  { credentials, prefix, clock }: ConnectOptions,
): UserClients {
  if (usersSnapshotPath !== undefined)
    prepareSnapshotFolder(usersSnapshotPath, `${prefix}_USERS_SNAPSHOT_PATH`);
  const connection = { address, interceptors: [passOnRequestId], ...credentials };
  try {
    // First the one that holds nothing yet where the address is refused.
    const admin = createUserAdminClient(connection);
    const fresh = createServiceClient(UserService, connection);
    const client = createUserClient({
      ...connection,
      timeoutMs: LOOKUP_TIMEOUT_MS,
      clock,
      ...(usersSnapshotPath !== undefined && { snapshotPath: usersSnapshotPath }),
    });
    return { client, admin, fresh };
  } catch (error) {
    throw error instanceof TransportOptionError ? addressFault(error, prefix) : error;
  }
}

function addressFault(error: TransportOptionError, prefix: string): StartupError {
  const message =
    error.option === 'tls'
      ? `AUTH_ADDRESS cannot be called (${error.message}): set ${prefix}_AUTH_CA_FILE, or correct AUTH_ADDRESS`
      : `AUTH_ADDRESS is not an address to call (${error.message}): correct it`;
  return new StartupError(message, { cause: error });
}
