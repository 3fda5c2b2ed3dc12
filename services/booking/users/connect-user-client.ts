import { StartupError } from '@rollcall/runtime';
import { createUserClient, TransportOptionError, type UserClient } from '@rollcall/user-client';
import type { AuthCredentials } from './auth-credentials.ts';
import { passOnRequestId } from './pass-on-request-id.ts';
import { LOOKUP_TIMEOUT_MS } from './remote-booking-users.ts';
import { prepareSnapshotFolder } from './snapshot-folder.ts';

/** Where users are asked for, and where they outlive this process. */
export interface UserClientConfig {
  readonly authAddress: string;
  /** Undefined: nowhere. */
  readonly usersSnapshotPath: string | undefined;
  /** Default: plaintext, known to nobody. */
  readonly credentials?: AuthCredentials;
}

/**
 * The client of the user service, which connects on demand. Whoever makes it closes it, which writes the last snapshot.
 * @param clock monotonic, in ms; tests let time pass by it.
 * @throws StartupError where the address cannot be one, or no snapshot can be written.
 */
export function connectUserClient(
  { authAddress, usersSnapshotPath, credentials }: UserClientConfig,
  clock: () => number,
): UserClient {
  if (usersSnapshotPath !== undefined) prepareSnapshotFolder(usersSnapshotPath);
  try {
    return createUserClient({
      address: authAddress,
      timeoutMs: LOOKUP_TIMEOUT_MS,
      clock,
      interceptors: [passOnRequestId],
      ...credentials,
      ...(usersSnapshotPath !== undefined && { snapshotPath: usersSnapshotPath }),
    });
  } catch (error) {
    if (!(error instanceof TransportOptionError)) throw error;
    if (error.option === 'tls') {
      const cure = 'set BOOKING_AUTH_CA_FILE, or correct AUTH_ADDRESS';
      throw new StartupError(`AUTH_ADDRESS cannot be called (${error.message}): ${cure}`, { cause: error });
    }
    throw new StartupError(`AUTH_ADDRESS is not an address to call (${error.message}): correct it`, {
      cause: error,
    });
  }
}
