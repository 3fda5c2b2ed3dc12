import { accessSync, constants, existsSync, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { UserService } from '@rollcall/contract/user';
import { StartupError } from '@rollcall/runtime';
import { createServiceClient, type ServiceClient } from '@rollcall/transport';
import { type CallGuard, type CallObserver, createCallGuard, observeCalls } from '@rollcall/transport/guard';
import { createUserClient, TransportOptionError, type UserClient } from '@rollcall/user-client';
import { createUserAdminClient, type UserAdminClient } from '@rollcall/user-client/admin';
import type { AuthCredentials } from './auth-credentials.ts';
import { propagateRequestId } from './caller-context.ts';
import type { UserAccessConfig } from './settings.ts';
import { LOOKUP_TIMEOUT_MS } from './users/remote-users.ts';

/** The ways to the user service. They connect on demand; whoever makes them closes them. */
interface UserClients {
  readonly client: UserClient;
  readonly admin: UserAdminClient;
  readonly uncached: ServiceClient<typeof UserService>;
  /** What the calls of `admin` and `fresh` pass; `client` has a breaker of its own. */
  readonly guard: CallGuard;
}

/** What they are made with. */
interface ConnectOptions {
  readonly credentials: AuthCredentials;
  /** Of the variables: `VENDOR`. */
  readonly prefix: string;
  /** Monotonic, in ms. */
  readonly clock: () => number;
  /** Hears of every call. */
  readonly outgoing: CallObserver;
}

/** The user service, in messages and metrics. */
const TARGET = 'auth';

/**
 * Makes the clients of the user service, of which nothing is asked yet.
 * @throws StartupError where the address cannot be one, or no snapshot can be written.
 */
export function connectClients(
  { authAddress: address, usersSnapshotPath }: Pick<UserAccessConfig, 'authAddress' | 'usersSnapshotPath'>,
  { credentials, prefix, clock, outgoing }: ConnectOptions,
): UserClients {
  if (usersSnapshotPath !== undefined)
    prepareSnapshotFolder(usersSnapshotPath, `${prefix}_USERS_SNAPSHOT_PATH`);
  const connection = { address, interceptors: [propagateRequestId], ...credentials };
  const guard = createCallGuard({ target: TARGET, observer: outgoing });
  try {
    // First the one that holds nothing yet where the address is refused.
    const admin = createUserAdminClient({ ...connection, guard });
    const uncached = createServiceClient(UserService, { ...connection, guard });
    const client = createUserClient({
      ...connection,
      interceptors: [...connection.interceptors, observeCalls(TARGET, outgoing)],
      timeoutMs: LOOKUP_TIMEOUT_MS,
      clock,
      ...(usersSnapshotPath !== undefined && { snapshotPath: usersSnapshotPath }),
    });
    return { client, admin, uncached, guard };
  } catch (error) {
    guard.close();
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

/**
 * Sees to it that a snapshot of users can be written at this path. It holds names: a folder that is missing is made for its
 * owner alone (0700), in one that is there. What is there already keeps its mode.
 * @throws StartupError that names the variable.
 */
function prepareSnapshotFolder(path: string, variable: string): void {
  const folder = dirname(path);
  try {
    if (!existsSync(folder)) mkdirSync(folder, { mode: 0o700 });
    accessSync(folder, constants.W_OK | constants.X_OK);
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    throw new StartupError(
      `${variable}: ${folder} cannot be ${code === 'ENOENT' ? 'made' : 'written'} (${code}): name a file in a folder that can, or unset it`,
      { cause },
    );
  }
}
