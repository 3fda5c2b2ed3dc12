/** The name of an erased user. */
export interface ErasureName {
  readonly tenantId: string;
  readonly id: string;
}

/** The erasure of one user, and the reports of other services. */
export interface Erasure extends ErasureName {
  readonly eraseTime: Date;
  /** Ordered by `consumer`. */
  readonly reports: readonly ErasureReport[];
}

/** The report that a service has cleared its data of an erased user. */
export interface ErasureReport {
  readonly consumer: string;
  /** When the service reported first. */
  readonly reportTime: Date;
  /** The work that is left for an operator. Empty: nothing. */
  readonly remaining: string;
}

/** A position in the list of erasures. */
export interface ErasurePosition extends ErasureName {
  /** Milliseconds since 1970. */
  readonly timeMs: number;
}

/** A part of the erasures, oldest first. */
export interface ErasureList {
  /** Absent: all tenants. */
  readonly tenantId?: string | undefined;
  /** Only erasures that this service has not reported. Absent: all. */
  readonly awaitedFrom?: string | undefined;
  /** Only erasures before this time. Absent: all. */
  readonly erasedBefore?: Date | undefined;
  /** Begins after this position. Absent: at the oldest. */
  readonly after?: ErasurePosition | undefined;
  readonly limit: number;
}

/** Erasures, and the reports of services. */
export interface Erasures {
  /** Undefined: the user is not erased, or does not exist. */
  find(name: ErasureName): Promise<Erasure | undefined>;
  list(list: ErasureList): Promise<Erasure[]>;
  /** Stores a report. False: the user is not erased, or does not exist. */
  report(name: ErasureName, report: Omit<ErasureReport, 'reportTime'>): Promise<boolean>;
  /**
   * Counts, by service, the erasures before this time that the service has not reported. Omits services
   * without any.
   */
  countAwaited(consumers: readonly string[], erasedBefore: Date): Promise<ReadonlyMap<string, number>>;
}

/** The services whose report of an erasure is missing. */
export function awaitedConsumers(
  { reports }: Pick<Erasure, 'reports'>,
  consumers: readonly string[],
): string[] {
  const reported = new Set(reports.map(({ consumer }) => consumer));
  return consumers.filter((consumer) => !reported.has(consumer));
}
