/** A place among records: the time that they are ordered by, in ms since 1970, and the id. */
export interface RecordPosition {
  readonly timeMs: number;
  readonly id: string;
}

/** The name of a user in another system. */
export interface ExternalId {
  readonly source: string;
  readonly externalId: string;
}

/** What somebody wrote about a user. */
export interface Note {
  readonly id: string;
  readonly text: string;
  readonly author: string;
  readonly createTime: Date;
}

/** Something a user did in another service. */
export interface Activity {
  readonly kind: string;
  readonly source: string;
  readonly time: Date;
  readonly summary: string;
  /** Whatever the service keeps with it, as JSON. */
  readonly attributes?: Readonly<Record<string, unknown>> | undefined;
}

/** Which page of a user's records. */
export interface RecordPage {
  readonly tenantId: string;
  readonly userId: string;
  readonly limit: number;
}

/** How records are read. */
export interface RecordReads {
  /** By source, then id; behind `after`, where it is given. */
  listExternalIds(page: RecordPage & { readonly after?: ExternalId | undefined }): Promise<ExternalId[]>;
  /** Newest first; behind `before`, where it is given. */
  listNotes(page: RecordPage & { readonly before?: RecordPosition | undefined }): Promise<Note[]>;
}
