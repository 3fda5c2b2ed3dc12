import type { StripeKind } from '../ledger/stripe-object.ts';
import type { Snapshots } from '../payments/snapshots.ts';
import type { StripeGateway } from '../payments/stripe-gateway.ts';
import type { Pacer } from './pacer.ts';
import type { ReconcileStore } from './reconcile-store.ts';

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
