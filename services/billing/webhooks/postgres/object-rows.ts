import type { RunPrepared } from '@rollcall/runtime/postgres';
import { chargeOf, type IntentsOfCharges, intentOf } from '../../ledger/payment-key.ts';
import type { Snapshot } from '../../ledger/snapshot.ts';
import type { StripeKind } from '../../ledger/stripe-object.ts';

/** The newest snapshot of an object, with its payment. */
export interface KnownObject {
  readonly snapshot: Snapshot;
  /** The key of the payment. Null: unknown. */
  readonly intent: string | null;
}

/**
 * Reads the objects of payments, single objects, and the refunds and disputes of charges without a
 * payment.
 */
export async function readObjects(
  run: RunPrepared,
  of: {
    readonly intents: readonly string[];
    readonly ids: readonly string[];
    readonly charges: readonly string[];
  },
): Promise<KnownObject[]> {
  const rows = await run<ObjectRow>(READ, [of.intents, of.ids, of.charges]);
  return rows.map(toKnown);
}

/** Writes the newest snapshots. */
export async function writeObjects(run: RunPrepared, objects: readonly KnownObject[]): Promise<void> {
  if (objects.length === 0) return;
  await run(WRITE, [JSON.stringify(objects.map(toRow))]);
}

interface ObjectRow {
  readonly id: string;
  readonly kind: StripeKind;
  readonly tier: number;
  readonly as_of: number;
  readonly step: number;
  readonly guess: number;
  readonly digest: string;
  readonly ambiguous: boolean;
  readonly payment_intent: string | null;
  readonly payload: Snapshot['fields'];
  readonly livemode: boolean | null;
  readonly account: string | null;
}

const COLUMNS = `id, kind, tier, as_of::float8, step, guess::float8, digest, ambiguous, payment_intent, payload, livemode, account`;

const READ = {
  name: 'read_stripe_objects',
  text: `select ${COLUMNS} from stripe_objects where payment_intent = any($1::text[])
    union all
    select ${COLUMNS} from stripe_objects where id = any($2::text[])
    union all
    select ${COLUMNS} from stripe_objects where charge = any($3::text[]) and payment_intent is null`,
};

const WRITE = {
  name: 'write_stripe_objects',
  text: `insert into stripe_objects (id, kind, tier, as_of, step, guess, digest, ambiguous, payment_intent, charge, payload,
      livemode, account)
    select id, kind, tier, as_of, step, guess, digest, ambiguous, payment_intent, charge, payload, livemode, account
    from json_to_recordset($1::json) as o(id text, kind text, tier smallint, as_of bigint, step integer, guess bigint,
      digest text, ambiguous boolean, payment_intent text, charge text, payload jsonb, livemode boolean, account text)
    order by id
    on conflict (id) do update set tier = excluded.tier, as_of = excluded.as_of, step = excluded.step,
      guess = excluded.guess, digest = excluded.digest, ambiguous = excluded.ambiguous,
      payment_intent = excluded.payment_intent, charge = excluded.charge, payload = excluded.payload,
      livemode = excluded.livemode, account = excluded.account,
      update_time = clock_timestamp()`,
};

function toKnown(row: ObjectRow): KnownObject {
  const { id, kind, tier, as_of: asOf, step, guess, digest, ambiguous, payload } = row;
  const key = { tier, asOf, step, guess, digest };
  const { livemode, account } = row;
  const origin = livemode === null ? {} : { origin: { livemode, account } };
  return { snapshot: { id, kind, key, fields: payload, ambiguous, ...origin }, intent: row.payment_intent };
}

function toRow({ snapshot, intent }: KnownObject): ObjectRow & { charge: string | null } {
  const { id, kind, key, fields, ambiguous } = snapshot;
  const { asOf, ...order } = key;
  return {
    id,
    kind,
    ...order,
    as_of: asOf,
    ambiguous,
    payment_intent: intent ?? intentOf(snapshot),
    charge: chargeOf(snapshot),
    payload: fields,
    livemode: snapshot.origin?.livemode ?? null,
    account: snapshot.origin?.account ?? null,
  };
}

/** Reads the payment intents of charges. */
export async function readIntentsOfCharges(
  run: RunPrepared,
  charges: readonly string[],
): Promise<IntentsOfCharges> {
  if (charges.length === 0) return new Map();
  const rows = await run<{ id: string; payment_intent: string }>(READ_INTENTS, [charges]);
  return new Map(rows.map((row) => [row.id, row.payment_intent]));
}

const READ_INTENTS = {
  name: 'intents_of_stripe_charges',
  text: `select id, payment_intent from stripe_objects where id = any($1::text[]) and payment_intent is not null`,
};

/** Writes the payment into events that do not name it themselves. */
export async function linkEvents(run: RunPrepared, objects: readonly KnownObject[]): Promise<void> {
  const adopted = objects.filter(({ snapshot, intent }) => intent && !intentOf(snapshot));
  if (adopted.length === 0) return;
  const ids = adopted.map(({ snapshot }) => snapshot.id);
  await run(LINK_EVENTS, [ids, adopted.map(({ intent }) => intent)]);
}

const LINK_EVENTS = {
  name: 'adopt_stripe_events',
  text: `update stripe_events e set payment_intent = a.intent
    from unnest($1::text[], $2::text[]) as a(id, intent)
    where e.object_id = a.id and e.payment_intent is null`,
};
