import type { Snapshot } from './snapshot.ts';

/**
 * The key of the payment that a snapshot belongs to: the payment intent, or else the charge, or else the
 * invoice. Null when the snapshot does not name one.
 */
export function intentOf({ kind, id, fields }: Snapshot): string | null {
  if (kind === 'payment_intent') return id;
  // Rows that are older than this field have no key.
  if (kind === 'invoice') return ('paid_without_intent' in fields && fields.paid_without_intent) || null;
  if (kind === 'charge' && 'payment_intent' in fields) return fields.payment_intent ?? id;
  return 'payment_intent' in fields ? fields.payment_intent : null;
}

/**
 * The charge of a refund or dispute, by which its payment is found without an intent; null for other
 * kinds.
 */
export function chargeOf({ kind, fields }: Snapshot): string | null {
  return (kind === 'refund' || kind === 'dispute') && 'charge' in fields ? fields.charge : null;
}

/** Payment intents by charge. */
export type IntentsOfCharges = ReadonlyMap<string, string>;

/** The payment intent of a snapshot, also when it names only a charge. */
export function intentAmongCharges(snapshot: Snapshot, intents: IntentsOfCharges): string | null {
  return intentOf(snapshot) ?? intents.get(chargeOf(snapshot) ?? '') ?? null;
}
