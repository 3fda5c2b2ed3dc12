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
 * The longest wait of a page for its users, after which it is sent without them. Milliseconds. Our own
 * choice: some hundred times a usual lookup, and half of a pause that a person notices.
 */
export const LOOKUP_TIMEOUT_MS = 500;

const VIEWS = { REFERENCE: UserView.REFERENCE, BASIC: UserView.BASIC } as const satisfies Record<
  ShownUserView,
  UserView
>;

/** Creates `Users` on the user client. Its `timeoutMs` and the caller's deadline bound a lookup. */
export function createRemoteUsers(client: UserClient, logger: Logger): Users {
  const logOutages = createOutageLog(logger);
  return {
    async lookUp(tenantId, ids, signal, view = 'REFERENCE') {
      try {
        // A lookup that ends by a short deadline of the caller is no sign of an outage.
        const hasShortDeadline = (remainingMs() ?? LOOKUP_TIMEOUT_MS) < LOOKUP_TIMEOUT_MS;
        const options = { signal, view: VIEWS[view] };
        const lookups = await client.forTenant(tenantId).lookupMany(ids, options);
        if (!hasShortDeadline) logOutages(lookups);
        return new Map(lookups.map((lookup) => [lookup.id, toShownUser(lookup)]));
      } catch (error) {
        if (!(error instanceof UserServiceRefusedError)) throw error;
        // A wrong grant or setting. Rows are shown all the same, with their users unavailable.
        logger.error({ error, tenantId }, 'the user service refuses to look up users');
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

/** Reads each result of the user client, and logs one line when an outage begins and one when it ends. */
type OutageLog = (lookups: readonly UserLookup[]) => void;

/** Creates an outage log. It assumes that the user service is up. */
export function createOutageLog(logger: Logger): OutageLog {
  let isDown = false;
  return (lookups) => {
    const degraded = lookups.map(degradationOf).find((each) => each !== undefined);
    if (degraded && !isDown) {
      isDown = true;
      const { reason, cause } = degraded;
      logger.warn({ reason, cause }, 'the user service is down: users are shown from the cache');
    } else if (isDown && !degraded && lookups.some(isFromService)) {
      isDown = false;
      logger.info('the user service is up again');
    }
  };
}

function degradationOf(lookup: UserLookup): Degradation | undefined {
  return lookup.outcome === 'missing' ? undefined : lookup.degraded;
}

// A cached result says nothing about the user service.
function isFromService(lookup: UserLookup): boolean {
  return lookup.outcome !== 'unavailable' && lookup.source === 'service';
}
