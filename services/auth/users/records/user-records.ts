/** A position among records: their time in milliseconds since 1970, and the id. */
export interface RecordPosition {
  readonly timeMs: number;
  readonly id: string;
}

/** The id of a user in another system. */
export interface ExternalId {
  readonly source: string;
  readonly externalId: string;
}

/** A note about a user. */
export interface Note {
  readonly id: string;
  readonly text: string;
  readonly author: string;
  readonly createTime: Date;
}

/** An activity of a user in another service. */
export interface Activity {
  readonly kind: string;
  readonly source: string;
  readonly time: Date;
  readonly summary: string;
  /** Additional data of the service, as JSON. */
  readonly attributes?: Readonly<Record<string, unknown>> | undefined;
}

/** A page of a user's records. */
export interface RecordPage {
  readonly tenantId: string;
  readonly userId: string;
  readonly limit: number;
}

/** Reads records of users. */
export interface RecordReads {
  /** In order of source and id, after `after` if given. */
  listExternalIds(page: RecordPage & { readonly after?: ExternalId | undefined }): Promise<ExternalId[]>;
  /** Newest first, after `before` if given. */
  listNotes(page: RecordPage & { readonly before?: RecordPosition | undefined }): Promise<Note[]>;
}
