import { chargeOf, intentOf, type Snapshot } from '../../ledger/snapshot.ts';

/** By charge: the payment intent that it belongs to. */
export type IntentsOfCharges = ReadonlyMap<string, string>;

/** The intent of a snapshot, also where it names only a charge. */
export function intentAmong(snapshot: Snapshot, intents: IntentsOfCharges): string | null {
  return intentOf(snapshot) ?? intents.get(chargeOf(snapshot) ?? '') ?? null;
}
