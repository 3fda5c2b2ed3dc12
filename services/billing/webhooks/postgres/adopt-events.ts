import type { RunPrepared } from '@rollcall/runtime/postgres';
import { intentOf } from '../../ledger/snapshot.ts';
import type { IntentsOfCharges } from '../apply/intents-of-charges.ts';
import type { KnownObject } from './object-rows.ts';

/** What is known of these charges. */
export async function readIntentsOfCharges(
  run: RunPrepared,
  charges: readonly string[],
): Promise<IntentsOfCharges> {
  if (charges.length === 0) return new Map();
  const rows = await run<{ id: string; payment_intent: string }>(READ, [charges]);
  return new Map(rows.map((row) => [row.id, row.payment_intent]));
}

const READ = {
  name: 'intents_of_stripe_charges',
  text: `select id, payment_intent from stripe_objects where id = any($1::text[]) and payment_intent is not null`,
};

/** Writes into the ledger which payment events tell of that name none themselves. */
export async function adoptEvents(run: RunPrepared, objects: readonly KnownObject[]): Promise<void> {
  const adopted = objects.filter(({ snapshot, intent }) => intent && !intentOf(snapshot));
  if (adopted.length === 0) return;
  const ids = adopted.map(({ snapshot }) => snapshot.id);
  await run(ADOPT, [ids, adopted.map(({ intent }) => intent)]);
}

const ADOPT = {
  name: 'adopt_stripe_events',
  text: `update stripe_events e set payment_intent = a.intent
    from unnest($1::text[], $2::text[]) as a(id, intent)
    where e.object_id = a.id and e.payment_intent is null`,
};
