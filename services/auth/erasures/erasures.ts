/** Which user was erased. */
export interface ErasureName {
  readonly tenantId: string;
  readonly id: string;
}

/** The erasure of one user, and what became of it in other services. */
export interface Erasure extends ErasureName {
  readonly eraseTime: Date;
  /** In the order of `consumer`. */
  readonly reports: readonly ErasureReport[];
}

/** That a service has cleared what it held of an erased user. */
export interface ErasureReport {
  readonly consumer: string;
  /** When it reported for the first time. */
  readonly reportTime: Date;
  /** What is left for an operator to do; empty: nothing. */
  readonly remaining: string;
}

/** A place in the list of erasures. */
export interface ErasurePosition extends ErasureName {
  /** In ms since 1970. */
  readonly timeMs: number;
}

/** Part of the erasures, oldest first. */
export interface ErasureList {
  /** Absent: of every tenant. */
  readonly tenantId?: string | undefined;
  /** Only those that this service has not reported. Absent: all. */
  readonly awaitedFrom?: string | undefined;
  /** Only those made before. Absent: all. */
  readonly erasedBefore?: Date | undefined;
  /** Begin behind this place; absent: at the oldest. */
  readonly after?: ErasurePosition | undefined;
  readonly limit: number;
}

/** Erasures, and what services report of them. */
export interface Erasures {
  /** Undefined: the user is not erased, or there is none. */
  find(name: ErasureName): Promise<Erasure | undefined>;
  list(list: ErasureList): Promise<Erasure[]>;
  /** Writes a report down. False: the user is not erased, or there is none. */
  report(name: ErasureName, report: Omit<ErasureReport, 'reportTime'>): Promise<boolean>;
  /** How many erasures from before this time each of the services has not reported, by service; those without any are left out. */
  countAwaited(consumers: readonly string[], erasedBefore: Date): Promise<ReadonlyMap<string, number>>;
}

/** The services that are expected to report an erasure and have not. */
export function awaitedConsumers(
  { reports }: Pick<Erasure, 'reports'>,
  consumers: readonly string[],
): string[] {
  const reported = new Set(reports.map(({ consumer }) => consumer));
  return consumers.filter((consumer) => !reported.has(consumer));
}
