import { Code } from '@connectrpc/connect';
import type { Logger } from '@rollcall/runtime';
import type { ShownUser } from '@rollcall/user-access';
import { type UserClient, type UserLookup, UserServiceRefusedError, UserView } from '@rollcall/user-client';

/** Reads users for invoices. */
export interface FreshUsers {
  /**
   * Reads the current state of a user from the user service, bypassing the cache, with the postal address
   * when that is granted. The outcome is `unavailable` when the service does not answer. Rejects when the
   * caller aborts.
   */
  read(tenantId: string, userId: string, signal: AbortSignal): Promise<ShownUser>;
}

// Shorter than an interactive read needs to be, because the caller's deadline also applies.
const READ_TIMEOUT_MS = 2000;

/** Creates a reader that bypasses the cache of the user client. */
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
          // The FULL view is granted to few callers: without it an invoice has no postal address.
          if (!isNotGranted(error)) throw error;
          return ask(tenantId, userId, signal, UserView.BASIC);
        });
        return toKnownUser(lookup);
      } catch (error) {
        if (!(error instanceof UserServiceRefusedError)) throw error;
        logger.error({ error, tenantId }, 'user service refuses to show the user of an invoice');
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
