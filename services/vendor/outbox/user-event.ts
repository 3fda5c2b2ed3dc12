/** Something that happened to a user here, for the user's timeline in the user service. */
export interface UserEvent {
  readonly userId: string;
  /** By the service's own name for it: `vendor.verified`. */
  readonly kind: string;
  readonly time: Date;
  /** One line to show, at most 500 characters. Never what a person wrote: a job may wait long after the person is erased. */
  readonly summary: string;
  /** Ids and states of this service, by name. Never what a person wrote. */
  readonly attributes: Readonly<Record<string, string>>;
}
