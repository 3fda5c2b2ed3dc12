import { type Pool, runPrepared } from '@rollcall/runtime/postgres';
import type { StripeKind } from '../../ledger/stripe-object.ts';

/** Reads the keys of payments to derive again after a change of the rules. */
export async function readPaymentsToDerive(pool: Pool, limit: number): Promise<string[]> {
  const rows = await runPrepared<{ key: string }>(pool, READ_TO_DERIVE, [limit]);
  return rows.map(({ key }) => key);
}

const READ_TO_DERIVE = {
  name: 'stale_payments',
  text: 'select key from payments_to_derive order by key limit $1',
};

/** Removes a payment from the queue. */
export async function dropPaymentToDerive(pool: Pool, key: string): Promise<void> {
  await runPrepared(pool, DROP_TO_DERIVE, [key]);
}

const DROP_TO_DERIVE = {
  name: 'drop_stale_payment',
  text: 'delete from payments_to_derive where key = $1',
};

/** An object with two different snapshots of one second. */
interface AmbiguousObject {
  readonly id: string;
  readonly kind: StripeKind;
  /** The digest of the chosen snapshot. */
  readonly digest: string;
}

/** Reads ambiguous objects, oldest first. */
export function readAmbiguous(
  pool: Pool,
  { olderThanS, limit }: { readonly olderThanS: number; readonly limit: number },
): Promise<AmbiguousObject[]> {
  return runPrepared<AmbiguousObject>(pool, READ_AMBIGUOUS, [olderThanS, limit]);
}

const READ_AMBIGUOUS = {
  name: 'ambiguous_stripe_objects',
  text: `select id, kind, digest from stripe_objects
    where ambiguous and as_of < extract(epoch from clock_timestamp()) - $1::float8
    order by update_time, id limit $2`,
};

/** Clears the mark of an object, unless its snapshot has changed since. */
export async function clearAmbiguous(
  pool: Pool,
  { id, digest }: Omit<AmbiguousObject, 'kind'>,
): Promise<void> {
  await runPrepared(pool, CLEAR_AMBIGUOUS, [id, digest]);
}

const CLEAR_AMBIGUOUS = {
  name: 'clear_ambiguous_stripe_object',
  text: `update stripe_objects set ambiguous = false where id = $1 and digest = $2 and ambiguous`,
};
