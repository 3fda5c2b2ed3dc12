import { Code, ConnectError } from '@connectrpc/connect';
import type { Logger } from '@rollcall/runtime';
import type { UserAdminClient } from '@rollcall/user-client/admin';
import type { UserFinder } from './bookings/read-bookings.ts';
import { BookingError } from './errors.ts';

/**
 * Bound of the users of one search. Our own choice: more than a person reads, and few enough for one index
 * scan.
 */
const MAX_FOUND_USERS = 5000;

// The user service's bound of a page.
const PAGE_SIZE = 1000;

// A page of a search may be short or even empty. A search that has not ended after so many counts as too
// large.
const MAX_PAGES = 20;

/** The longest search with all its pages; less when the caller's deadline is nearer. Milliseconds. */
const SEARCH_TIMEOUT_MS = 2000;

/** Creates a finder on SearchUsers in the REFERENCE view. It reads ids only and caches nothing. */
export function createRemoteUserFinder(
  admin: Pick<UserAdminClient, 'searchUsers'>,
  logger: Logger,
): UserFinder {
  return {
    async find(tenantId, query, signal) {
      try {
        return await searchAll(admin, { tenantId, query, signal });
      } catch (error) {
        if (signal.aborted || !(error instanceof ConnectError)) throw error;
        if (isConfigurationFault(error))
          logger.error({ error, tenantId }, 'the user service refuses to search for users');
        throw searchUnavailable(error);
      }
    },
  };
}

interface Search {
  readonly tenantId: string;
  readonly query: string;
  readonly signal: AbortSignal;
}

async function searchAll(
  admin: Pick<UserAdminClient, 'searchUsers'>,
  { tenantId, query, signal }: Search,
): Promise<string[]> {
  const ids: string[] = [];
  const endMs = performance.now() + SEARCH_TIMEOUT_MS;
  let pageToken = '';
  for (let page = 0; page < MAX_PAGES; page++) {
    const request = { tenantId, query, pageSize: PAGE_SIZE, pageToken };
    const { matches, nextPageToken } = await admin.searchUsers(request, { signal, timeoutMs: leftMs(endMs) });
    ids.push(...matches.flatMap(({ user }) => user?.id ?? []));
    if (ids.length > MAX_FOUND_USERS) break;
    if (nextPageToken === '') return [...new Set(ids)];
    pageToken = nextPageToken;
  }
  throw tooMany(tenantId);
}

// Connect reads 0 as no timeout.
function leftMs(endMs: number): number {
  return Math.max(1, endMs - performance.now());
}

// A retry does not help.
function isConfigurationFault({ code }: ConnectError): boolean {
  return code === Code.PermissionDenied || code === Code.Unauthenticated || code === Code.Unimplemented;
}

function searchUnavailable(cause: ConnectError): BookingError {
  const why = Code[cause.code];
  const message = `The auth service cannot be asked to search for users now (${why}); try again, or list without user_query.`;
  return new BookingError('USER_SEARCH_UNAVAILABLE', message, { metadata: { why }, cause });
}

// The message does not hold the query, which may be an address.
function tooMany(tenantId: string): BookingError {
  const message = `More than ${MAX_FOUND_USERS} users are found by these words: say more of the name.`;
  return new BookingError('TOO_MANY_USERS', message, {
    metadata: { tenant_id: tenantId, limit: String(MAX_FOUND_USERS) },
  });
}
