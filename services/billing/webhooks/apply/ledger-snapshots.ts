import { type Pool, transactPrepared } from '@rollcall/runtime/postgres';
import { kindOf, type Snapshot, snapshotOfRead } from '../../ledger/snapshot.ts';
import type { StripeObject } from '../../ledger/stripe-object.ts';
import type { Snapshots } from '../../payments/stripe-gateway.ts';
import { applySnapshots } from './apply-snapshots.ts';
import { lockSnapshots } from './lock-snapshots.ts';
import type { OnChanges } from './payment-change.ts';

/**
 * Creates the port that applies objects read from Stripe. It uses the locks and the code of events.
 * @param onChanges called with changed payments, in their transaction. @defaultValue no call
 */
export function createLedgerSnapshots(pool: Pool, onChanges: OnChanges = async () => {}): Snapshots {
  return {
    async apply(objects, readTime) {
      const snapshots = objects.map((each) => toSnapshot(each, readTime));
      await transactPrepared(pool, async (run) => {
        const { intents } = await lockSnapshots(run, snapshots, 'wait');
        const changes = await applySnapshots(run, snapshots, intents);
        if (changes.length > 0) await onChanges(run, changes);
      });
    },
  };
}

function toSnapshot(object: StripeObject, readTime: Date): Snapshot {
  const kind = kindOf(object);
  if (!kind) throw new Error(`Nothing of the kind ${object.object} is kept`);
  return snapshotOfRead(kind, object, readTime.getTime());
}
