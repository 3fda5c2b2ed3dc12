import type { User } from '@rollcall/user-client';

interface AsTold {
  /** After a merge the one that survived, whose id then differs. */
  readonly user: User;
  /** The user service could not be asked, and this is what it said earlier, perhaps to the process before this one. */
  readonly stale: boolean;
}

/** What is known of the user with this id. */
export type KnownUser = { readonly id: string } & (
  | ({ readonly outcome: 'found' } & AsTold)
  | ({ readonly outcome: 'deleted' } & AsTold)
  | { readonly outcome: 'missing' }
  /** The user service cannot be asked and nothing is known from before. `why`: a word for logs and programs. */
  | { readonly outcome: 'unavailable'; readonly why: string }
);

/** How much of a user: BASIC adds e-mail and phone, and is granted to few. */
export type KnownUserView = 'REFERENCE' | 'BASIC';

/** How a service learns who its users are. */
export interface Users {
  /**
   * What is known of each of these ids, which are distinct UUIDs in lower case and at most 10,000; up to 500 are one call to
   * the user service. Its being away, slow or unwilling is told as an outcome. Rejects where the caller went away, which
   * aborts `signal`.
   * @param view default REFERENCE: names, state and ratings, no contact data.
   */
  lookUp(
    tenantId: string,
    ids: readonly string[],
    signal: AbortSignal,
    view?: KnownUserView,
  ): Promise<ReadonlyMap<string, KnownUser>>;
}
