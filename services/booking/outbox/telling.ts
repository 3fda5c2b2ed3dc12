/** Something that a user did, as the user's timeline shows it. */
export interface UserActivity {
  /** "booking.created" */
  readonly kind: string;
  readonly time: Date;
  /** One line to show. Says nothing personal. */
  readonly summary: string;
  /** What else is kept with it: ids and words for programs. */
  readonly attributes: Readonly<Record<string, string>>;
}

/**
 * What the user service is to be told of a user because of a change here: that the figures changed, and what happened. It
 * is written down in the transaction of the change and told afterwards.
 */
export interface Telling {
  readonly tenantId: string;
  readonly userId: string;
  /** Absent: nothing that belongs on the timeline. */
  readonly activity?: UserActivity;
}
