import type { StripeKind } from '../ledger/stripe-object.ts';
import type { Snapshots, StripeGateway } from '../payments/stripe-gateway.ts';
import type { Drift, LedgerObject } from './drift.ts';
import type { Pacer } from './pacer.ts';

/** What a run works with. */
export interface ReconcilePorts {
  readonly gateway: Pick<StripeGateway, 'list' | 'retrieve'>;
  readonly store: ReconcileStore;
  readonly snapshots: Snapshots;
  readonly pace: Pacer;
  /** Told of each part. */
  readonly onPart?: (part: { kind: StripeKind; objects: number; drifts: number }) => void;
  /** Default: the clock. */
  readonly now?: () => Date;
}

/** What is to be compared. Runs of the same terms are one run as long as it is not complete. */
export interface RunTerms {
  /** Objects made at this time or later. */
  readonly since: Date;
  /** Made before this; undefined: before the run began. */
  readonly until: Date | undefined;
  readonly repair: boolean;
}

/** How far a run is. */
interface RunPosition {
  /** How many steps are behind it. */
  readonly step: number;
  /** The last id that the step came to; null: it has not begun. */
  readonly after: string | null;
}

/** A run that is not complete. */
export interface OpenRun {
  readonly id: string;
  readonly since: Date;
  readonly until: Date;
  readonly position: RunPosition;
  /** It goes on where an earlier one was cut off. */
  readonly isResumed: boolean;
}

/** A drift, and what became of it. */
export interface FoundDrift extends Drift {
  readonly repaired: boolean;
  /** What a person should know beside it; empty: nothing. */
  readonly note: string;
}

/** What one part of a run came to. */
interface PartResult {
  readonly seen: readonly string[];
  readonly drifts: readonly FoundDrift[];
  /** Where to go on. */
  readonly next: RunPosition;
}

/** What a run came to. */
export interface RunReport {
  readonly since: Date;
  readonly until: Date;
  readonly objects: number;
  readonly drifts: readonly FoundDrift[];
}

/** Where runs are kept, and what is compared. */
export interface ReconcileStore {
  /** The run of these terms that is not complete, or a new one. */
  open(terms: RunTerms): Promise<OpenRun>;
  /** Writes down what a part came to and where to go on: both or neither. */
  save(runId: string, part: PartResult): Promise<void>;
  /** Writes down what was found before the part is over: what was repaired would be found no more. */
  recordDrifts(runId: string, drifts: readonly FoundDrift[]): Promise<void>;
  complete(runId: string): Promise<void>;
  report(runId: string): Promise<RunReport>;
  /** What is here of these objects; of one that is not here, nothing. */
  findStored(kind: StripeKind, ids: readonly string[]): Promise<ReadonlyMap<string, LedgerObject>>;
  /** Of these objects those of which an event waits, or failed. */
  findPending(ids: readonly string[]): Promise<ReadonlySet<string>>;
  /** Ids of objects that are here, were made in the run's time, and stand in none of Stripe's lists; by id, behind `after`. */
  listUnlisted(
    run: OpenRun,
    part: { kind: StripeKind; after: string | null; limit: number },
  ): Promise<string[]>;
}
