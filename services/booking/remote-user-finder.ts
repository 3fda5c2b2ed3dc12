import { Code, ConnectError } from '@connectrpc/connect';
import type { Logger } from '@rollcall/runtime';
import type { UserAdminClient } from '@rollcall/user-client/admin';
import type { UserFinder } from './bookings/read-bookings.ts';
import { BookingError } from './errors.ts';

/** As many users are found by words at most. Our own choice: more than anybody reads, few enough to look for in one index. */
const MAX_FOUND_USERS = 5000;

// As many as the owner answers at once.
const PAGE_SIZE = 1000;

// Pages of a search may be short, even empty. So many without an end are as good as too many users.
const MAX_PAGES = 20;

/** The longest that a search may take, all its pages together, in ms; less where the caller's deadline is nearer. */
const SEARCH_TIMEOUT_MS = 2000;

/** Finds users by SearchUsers of their owner, REFERENCE view: nothing but ids is looked at, and no answer is kept. */
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

// Connect takes no bound at all for 0.
function leftMs(endMs: number): number {
  return Math.max(1, endMs - performance.now());
}

// What waiting does not mend.
function isConfigurationFault({ code }: ConnectError): boolean {
  return code === Code.PermissionDenied || code === Code.Unauthenticated || code === Code.Unimplemented;
}

function searchUnavailable(cause: ConnectError): BookingError {
  const why = Code[cause.code];
  const message = `The auth service cannot be asked to search for users now (${why}); try again, or list without user_query.`;
  return new BookingError('USER_SEARCH_UNAVAILABLE', message, { metadata: { why }, cause });
}

// Says nothing of the query: it may be an address.
function tooMany(tenantId: string): BookingError {
  const message = `More than ${MAX_FOUND_USERS} users are found by these words: say more of the name.`;
  return new BookingError('TOO_MANY_USERS', message, {
    metadata: { tenant_id: tenantId, limit: String(MAX_FOUND_USERS) },
  });
}
