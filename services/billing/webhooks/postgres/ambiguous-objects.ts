import { type Pool, runPrepared } from '@rollcall/runtime/postgres';
import type { StripeKind } from '../../ledger/stripe-object.ts';

/** An object of which two snapshots of one second differ. */
export interface AmbiguousObject {
  readonly id: string;
  readonly kind: StripeKind;
  /** Of the snapshot that was chosen. */
  readonly digest: string;
}

/** Ambiguous objects, those first that have been so for longest. */
export function readAmbiguous(
  pool: Pool,
  { olderThanS, limit }: { readonly olderThanS: number; readonly limit: number },
): Promise<AmbiguousObject[]> {
  return runPrepared<AmbiguousObject>(pool, READ, [olderThanS, limit]);
}

const READ = {
  name: 'ambiguous_stripe_objects',
  text: `select id, kind, digest from stripe_objects
    where ambiguous and as_of < extract(epoch from clock_timestamp()) - $1::float8
    order by update_time, id limit $2`,
};

/** Says of an object that nobody need read it again, as long as the snapshot is the same. */
export async function clearAmbiguous(
  pool: Pool,
  { id, digest }: Omit<AmbiguousObject, 'kind'>,
): Promise<void> {
  await runPrepared(pool, CLEAR, [id, digest]);
}

const CLEAR = {
  name: 'clear_ambiguous_stripe_object',
  text: `update stripe_objects set ambiguous = false where id = $1 and digest = $2 and ambiguous`,
};
