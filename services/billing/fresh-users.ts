import { Code } from '@connectrpc/connect';
import type { Logger } from '@rollcall/runtime';
import type { ShownUser } from '@rollcall/user-access';
import { type UserClient, type UserLookup, UserServiceRefusedError, UserView } from '@rollcall/user-client';

/** How invoices learn whom they name. */
export interface FreshUsers {
  /**
   * The user as the user service knows it at this moment, with the postal address where that is granted. Nothing is answered
   * from memory: where the service does not answer the outcome is `unavailable`. Rejects where the caller went away.
   */
  read(tenantId: string, userId: string, signal: AbortSignal): Promise<ShownUser>;
}

// Nobody looks at a page meanwhile; the caller's own deadline bounds it too.
const READ_TIMEOUT_MS = 2000;

/** Users by the client of the user service, past everything that it remembers. */
export function createRemoteFreshUsers(client: UserClient, logger: Logger): FreshUsers {
  const ask = (tenantId: string, userId: string, signal: AbortSignal, view: UserView) => {
    const users = client.forTenant(tenantId);
    users.invalidate(userId);
    return users.lookup(userId, { view, signal, timeoutMs: READ_TIMEOUT_MS, degrade: 'none' });
  };
  return {
    async read(tenantId, userId, signal) {
      try {
        const lookup = await ask(tenantId, userId, signal, UserView.FULL).catch((error: unknown) => {
          // FULL is granted to few: without it an invoice has no postal address.
          if (!isNotGranted(error)) throw error;
          return ask(tenantId, userId, signal, UserView.BASIC);
        });
        return toKnownUser(lookup);
      } catch (error) {
        if (!(error instanceof UserServiceRefusedError)) throw error;
        logger.error({ error, tenantId }, 'the user service refuses to tell whom an invoice names');
        return { id: userId, outcome: 'unavailable', why: error.reason };
      }
    },
  };
}

function isNotGranted(error: unknown): boolean {
  return error instanceof UserServiceRefusedError && error.code === Code.PermissionDenied;
}

function toKnownUser(lookup: UserLookup): ShownUser {
  const { id } = lookup;
  if (lookup.outcome === 'missing') return { id, outcome: 'missing' };
  if (lookup.outcome === 'unavailable') return { id, outcome: 'unavailable', why: lookup.degraded.reason };
  return { id, outcome: lookup.outcome, user: lookup.user, stale: false };
}
