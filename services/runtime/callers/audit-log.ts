/**
 * One line of the audit log: who did what to which users, and how it ended. It holds no contact data and no
 * search terms.
 */
export interface AuditEntry {
  /** ISO 8601. */
  readonly time: string;
  /** Id of the caller. Empty when it is unknown. */
  readonly caller: string;
  /** Address of the caller, `host:port`. */
  readonly peer: string;
  /** `package.Service/Method` */
  readonly method: string;
  readonly tenants: readonly string[];
  /** View of the user that the call asks for. Undefined when the method returns no user. */
  readonly view?: string | undefined;
  /** Ids of users, at most `MAX_AUDITED_IDS`. */
  readonly ids: readonly string[];
  /** Number of users, including those that `ids` leaves out. */
  readonly idCount: number;
  /** `OK`, or the reason of the error. */
  readonly outcome: string;
  /** Reason for the call, as the caller gives it. Absent if the caller or the method gives no reason. */
  readonly why?: string | undefined;
  readonly requestId: string;
  /** Number of calls that this line counts. Above 1 for refusals only. */
  readonly count: number;
}

/** The most user ids in one line. */
export const MAX_AUDITED_IDS = 100;

/** Options of `AuditLog.record`. */
export interface RecordOptions {
  /**
   * Set for a call that has changed data: a line that cannot be written is retried for some seconds, until
   * this signal aborts. Absent: the first failure rejects.
   */
  readonly keepWhile?: AbortSignal | undefined;
}

/** A durable log of calls. */
export interface AuditLog {
  /** Resolves when the line is durable. Rejects when it cannot be written: the call must then fail. */
  record(entry: AuditEntry, options?: RecordOptions): Promise<void>;
  /**
   * Called before a call changes data. Returns at once if the last line was written; otherwise tries to
   * write, and rejects if it cannot. Absent: lines can always be written.
   */
  ready?(): Promise<void> | undefined;
  /**
   * Records a refusal. Returns at once and never throws: similar refusals are counted together and written
   * later.
   */
  refused(entry: AuditEntry): void;
}
