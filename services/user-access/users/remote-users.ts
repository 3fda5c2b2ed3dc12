import type { Logger } from '@rollcall/runtime';
import { remainingMs } from '@rollcall/transport';
import {
  type Degradation,
  type UserClient,
  type UserLookup,
  UserServiceRefusedError,
  UserView,
} from '@rollcall/user-client';
import type { ShownUser, ShownUserView, Users } from './users.ts';

/**
 * The longest that a page waits for its users, in ms, before it goes out without them. Our own choice: some hundred times
 * what the user service takes when it is well, and half of what people notice as a pause.
 */
export const LOOKUP_TIMEOUT_MS = 500;

const VIEWS = { REFERENCE: UserView.REFERENCE, BASIC: UserView.BASIC } as const satisfies Record<
  ShownUserView,
  UserView
>;

/** Users by the client of the user service, whose own `timeoutMs` and the caller's deadline bound the wait. */
export function createRemoteUsers(client: UserClient, logger: Logger): Users {
  const noteOutages = createOutageLog(logger);
  return {
    async lookUp(tenantId, ids, signal, view = 'REFERENCE') {
      try {
        // Where the caller is in a hurry, a late answer says nothing about the user service.
        const isInHurry = (remainingMs() ?? LOOKUP_TIMEOUT_MS) < LOOKUP_TIMEOUT_MS;
        const options = { signal, view: VIEWS[view] };
        const lookups = await client.forTenant(tenantId).lookupMany(ids, options);
        if (!isInHurry) noteOutages(lookups);
        return new Map(lookups.map((lookup) => [lookup.id, toShownUser(lookup)]));
      } catch (error) {
        if (!(error instanceof UserServiceRefusedError)) throw error;
        // A fault of ours or of the set-up. Rows are shown all the same, and nothing is said about their users.
        logger.error({ error, tenantId }, 'the user service refuses to tell who users are');
        return new Map(ids.map((id) => [id, { id, outcome: 'unavailable', why: error.reason }]));
      }
    },
  };
}

function toShownUser(lookup: UserLookup): ShownUser {
  const { id } = lookup;
  switch (lookup.outcome) {
    case 'found':
    case 'deleted':
      return { id, outcome: lookup.outcome, user: lookup.user, stale: lookup.degraded !== undefined };
    case 'missing':
      return { id, outcome: 'missing' };
    case 'unavailable':
      return { id, outcome: 'unavailable', why: lookup.degraded.reason };
  }
}

/** Is shown every answer of the user client, and logs one line when an outage begins and one when it is over. */
type OutageLog = (lookups: readonly UserLookup[]) => void;

/** An outage log that believes the user service to be there. */
export function createOutageLog(logger: Logger): OutageLog {
  let isAway = false;
  return (lookups) => {
    const degraded = lookups.map(degradationOf).find((each) => each !== undefined);
    if (degraded && !isAway) {
      isAway = true;
      const { reason, cause } = degraded;
      logger.warn({ reason, cause }, 'the user service cannot be asked: users are shown as last known');
    } else if (isAway && !degraded && lookups.some(isFromService)) {
      isAway = false;
      logger.info('the user service can be asked again');
    }
  };
}

function degradationOf(lookup: UserLookup): Degradation | undefined {
  return lookup.outcome === 'missing' ? undefined : lookup.degraded;
}

// An answer from memory says nothing about the service.
function isFromService(lookup: UserLookup): boolean {
  return lookup.outcome !== 'unavailable' && lookup.source === 'service';
}
