import type { KnownUser } from '@rollcall/user-access';

/** How invoices learn whom they name. */
export interface FreshUsers {
  /**
   * The user as the user service knows it at this moment, with the postal address where that is granted. Nothing is answered
   * from memory: where the service does not answer the outcome is `unavailable`. Rejects where the caller went away.
   */
  read(tenantId: string, userId: string, signal: AbortSignal): Promise<KnownUser>;
}
