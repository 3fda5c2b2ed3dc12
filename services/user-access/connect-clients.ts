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

/** The clients of the user service. They connect on demand; their creator closes them. */
interface UserClients {
  readonly client: UserClient;
  readonly admin: UserAdminClient;
  readonly uncached: ServiceClient<typeof UserService>;
  /** The breaker of `admin` and `uncached`; `client` has its own. */
  readonly guard: CallGuard;
}

interface ConnectOptions {
  readonly credentials: AuthCredentials;
  /** Prefix of the variables: `VENDOR`. */
  readonly prefix: string;
  /** Monotonic. Milliseconds. */
  readonly clock: () => number;
  /** Observes each call. */
  readonly outgoing: CallObserver;
}

/** Name of the user service in messages and metrics. */
const TARGET = 'auth';

/**
 * Creates the clients of the user service without calling it.
 * @throws StartupError when the address is invalid or the snapshot path cannot be written.
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
    // `admin` first: it holds no resource yet when a wrong address throws.
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
 * Makes the folder of a snapshot file. The snapshot holds names, so a new folder is for its owner alone
 * (0700); an existing folder keeps its mode.
 * @throws StartupError naming the variable, when the folder cannot be made or written.
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
