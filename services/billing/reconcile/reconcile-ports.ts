import type { StripeKind } from '../ledger/stripe-object.ts';
import type { Snapshots, StripeGateway } from '../payments/stripe-gateway.ts';
import type { Drift, LedgerObject } from './drift.ts';
import type { Pacer } from './pacer.ts';

/** The dependencies of a run. */
export interface ReconcilePorts {
  readonly gateway: Pick<StripeGateway, 'list' | 'retrieve'>;
  readonly store: ReconcileStore;
  readonly snapshots: Snapshots;
  readonly pace: Pacer;
  /** Called after each part. */
  readonly onPart?: (part: { kind: StripeKind; objects: number; drifts: number }) => void;
  /** @defaultValue the system clock */
  readonly now?: () => Date;
}

/** The objects to compare. Calls with equal terms share one run until it is complete. */
export interface RunTerms {
  /** Objects created at this time or later. */
  readonly since: Date;
  /** Objects created before this time. Undefined: before the run began. */
  readonly until: Date | undefined;
  readonly repair: boolean;
}

/** The progress of a run. */
interface RunPosition {
  /** The number of completed steps. */
  readonly step: number;
  /** The last id that the current step reached. Null: the step has not begun. */
  readonly after: string | null;
}

/** A run that is not complete. */
export interface OpenRun {
  readonly id: string;
  readonly since: Date;
  readonly until: Date;
  readonly position: RunPosition;
  /** True: it continues an earlier call that was cut off. */
  readonly isResumed: boolean;
}

/** A difference and its repair. */
export interface FoundDrift extends Drift {
  readonly repaired: boolean;
  /** A remark for the operator; empty when there is nothing to add. */
  readonly note: string;
}

/** The result of one part of a run. */
interface PartResult {
  readonly seen: readonly string[];
  readonly drifts: readonly FoundDrift[];
  /** The position of the next part. */
  readonly next: RunPosition;
}

/** The result of a run. */
export interface RunReport {
  readonly since: Date;
  readonly until: Date;
  readonly objects: number;
  readonly drifts: readonly FoundDrift[];
}

/** Storage of runs and of the ledger's objects. */
export interface ReconcileStore {
  /** Finds the incomplete run of these terms, or creates one. */
  open(terms: RunTerms): Promise<OpenRun>;
  /** Records the result of a part and the next position in one transaction. */
  save(runId: string, part: PartResult): Promise<void>;
  /** Records differences before the end of a part, because a repaired one cannot be found again. */
  recordDrifts(runId: string, drifts: readonly FoundDrift[]): Promise<void>;
  complete(runId: string): Promise<void>;
  report(runId: string): Promise<RunReport>;
  /** Finds the ledger's data of these objects. Unknown ids are left out. */
  findStored(kind: StripeKind, ids: readonly string[]): Promise<ReadonlyMap<string, LedgerObject>>;
  /** Finds the ids among these whose events are waiting or failed. */
  findPending(ids: readonly string[]): Promise<ReadonlySet<string>>;
  /**
   * Lists the ids of objects created in the period of the run that Stripe did not list, ordered by id,
   * after `after`.
   */
  listUnlisted(
    run: OpenRun,
    part: { kind: StripeKind; after: string | null; limit: number },
  ): Promise<string[]>;
}
