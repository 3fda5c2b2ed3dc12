import { StartupError } from '@rollcall/runtime';
import { createUserClient, TransportOptionError, type UserClient } from '@rollcall/user-client';
import { passOnRequestId } from './pass-on-request-id.ts';
import { LOOKUP_TIMEOUT_MS } from './remote-booking-users.ts';

/**
 * The client of the user service, which connects on demand. Whoever makes it closes it.
 * @param clock monotonic, in ms; tests let time pass by it.
 * @throws StartupError where the address cannot be one.
 */
export function connectUserClient(address: string, clock: () => number): UserClient {
  try {
    return createUserClient({
      address,
      timeoutMs: LOOKUP_TIMEOUT_MS,
      clock,
      interceptors: [passOnRequestId],
    });
  } catch (error) {
    if (!(error instanceof TransportOptionError)) throw error;
    throw new StartupError(`AUTH_ADDRESS is not an address to call (${error.message}): correct it`, {
      cause: error,
    });
  }
}
