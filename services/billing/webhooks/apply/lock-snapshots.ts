import type { RunPrepared } from '@rollcall/runtime/postgres';
import { chargeOf, type IntentsOfCharges, intentAmongCharges, intentOf } from '../../ledger/payment-key.ts';
import type { Snapshot } from '../../ledger/snapshot.ts';
import { lockKeys } from '../postgres/ledger-transaction.ts';
import { readIntentsOfCharges } from '../postgres/object-rows.ts';

/**
 * Locks the payments of snapshots. A charge is locked before its payment is looked up, which is locked
 * then.
 * @param patience `try`: skips keys that another worker holds; `wait`: waits for them
 */
export async function lockSnapshots(
  run: RunPrepared,
  snapshots: readonly Snapshot[],
  patience: 'try' | 'wait',
): Promise<{ readonly locked: ReadonlySet<string>; readonly intents: IntentsOfCharges }> {
  const keys = new Set(snapshots.flatMap((each) => keysOf(each, NO_INTENTS)));
  const locked = await lockKeys(run, [...keys], patience);
  const intents = await intentsOf(run, snapshots);
  const more = new Set(snapshots.flatMap((each) => keysOf(each, intents))).difference(keys);
  if (more.size === 0) return { locked, intents };
  return { locked: locked.union(await lockKeys(run, [...more], patience)), intents };
}

const NO_INTENTS: IntentsOfCharges = new Map();

// The keys that one worker must hold to apply a snapshot. A refund may wait for a charge by its id alone.
export function keysOf(snapshot: Snapshot, intents: IntentsOfCharges): string[] {
  const intent = intentAmongCharges(snapshot, intents);
  if (snapshot.kind === 'charge') return intent ? [intent, snapshot.id] : [snapshot.id];
  const charge = intentOf(snapshot) ? null : chargeOf(snapshot);
  return [intent, charge].filter((each) => each !== null).concat(intent || charge ? [] : snapshot.id);
}

// Finds the intents of charges for refunds and disputes without an intent.
async function intentsOf(run: RunPrepared, snapshots: readonly Snapshot[]): Promise<IntentsOfCharges> {
  const charges = snapshots.flatMap((each) => (intentOf(each) ? [] : (chargeOf(each) ?? [])));
  if (charges.length === 0) return new Map();
  const here = snapshots
    .filter(({ kind }) => kind === 'charge')
    .map((each) => [each.id, intentOf(each)] as const);
  return new Map([
    ...(await readIntentsOfCharges(run, charges)),
    ...here.flatMap(([id, intent]) => (intent ? [[id, intent] as const] : [])),
  ]);
}
