/** How bookings learn which users are meant. Ids are in lower case. */
export interface UserFinder {
  /**
   * The users whom the user service finds by these words. Nothing of the answer is kept.
   * Throws BookingError USER_SEARCH_UNAVAILABLE, TOO_MANY_USERS. Rejects where the caller went away, which aborts `signal`.
   */
  find(tenantId: string, query: string, signal: AbortSignal): Promise<readonly string[]>;
}
