/** Something that happened to a user here, for the user's timeline in the user service. */
export interface UserEvent {
  readonly userId: string;
  /** By the service's own name for it: `vendor.verified`. */
  readonly kind: string;
  readonly time: Date;
  /** One line to show, at most 500 characters. */
  readonly summary: string;
  /** Ids and states of this service, by name. Never what somebody wrote about somebody. */
  readonly attributes: Readonly<Record<string, string>>;
}
