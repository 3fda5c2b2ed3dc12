import type { RunPrepared } from '@rollcall/runtime/postgres';
import { type DerivedPayment, derivePayment } from '../ledger/derive-payment.ts';
import { LedgerError } from '../ledger/ledger-error.ts';
import { chargeOf, intentOf, joinSnapshots, type Snapshot } from '../ledger/snapshot.ts';
import type { PaymentChange } from './payment-change.ts';
import { updateAccounts } from './postgres/account-rows.ts';
import { adoptEvents } from './postgres/adopt-events.ts';
import { type KnownObject, readObjects, writeObjects } from './postgres/object-rows.ts';
import { readOwners, writePayments } from './postgres/payment-rows.ts';

/** By charge: the payment intent that it belongs to. */
export type IntentsOfCharges = ReadonlyMap<string, string>;

/** The intent of a snapshot, also where it names only a charge. */
export function intentAmong(snapshot: Snapshot, intents: IntentsOfCharges): string | null {
  return intentOf(snapshot) ?? intents.get(chargeOf(snapshot) ?? '') ?? null;
}

/**
 * Joins snapshots with what is known, and writes what follows from it. The caller holds the locks of all of them.
 * Answers the payments that changed.
 */
export async function applySnapshots(
  run: RunPrepared,
  snapshots: readonly Snapshot[],
  intents: IntentsOfCharges,
): Promise<PaymentChange[]> {
  const known = await readKnown(run, snapshots, intents);
  const changed = new Map<string, KnownObject>();
  for (const snapshot of snapshots) {
    const before = known.get(snapshot.id);
    const joined = before ? joinSnapshots(before.snapshot, snapshot) : snapshot;
    const intent = before?.intent ?? intentAmong(joined, intents);
    if (joined === before?.snapshot && intent === before.intent) continue;
    changed.set(joined.id, { snapshot: joined, intent });
    known.set(joined.id, { snapshot: joined, intent });
  }
  for (const orphan of adoptedBy(known)) {
    changed.set(orphan.snapshot.id, orphan);
    known.set(orphan.snapshot.id, orphan);
  }
  return await writeAll(run, known, changed);
}

async function readKnown(
  run: RunPrepared,
  snapshots: readonly Snapshot[],
  intents: IntentsOfCharges,
): Promise<Map<string, KnownObject>> {
  const groups = new Set<string>();
  const [ids, charges]: [string[], string[]] = [[], []];
  for (const snapshot of snapshots) {
    const intent = intentAmong(snapshot, intents);
    if (intent) groups.add(intent);
    // What names no intent itself may be known as nobody's yet.
    if (!intentOf(snapshot)) ids.push(snapshot.id);
    if (snapshot.kind === 'charge') charges.push(snapshot.id);
  }
  const objects = await readObjects(run, { intents: [...groups], ids, charges });
  return new Map(objects.map((each) => [each.snapshot.id, each]));
}

// Refunds and disputes that waited for the charge which says what payment they belong to.
function adoptedBy(known: ReadonlyMap<string, KnownObject>): KnownObject[] {
  return [...known.values()].flatMap(({ snapshot, intent }) => {
    if (intent) return [];
    const charge = known.get(chargeOf(snapshot) ?? '');
    return charge?.intent ? [{ snapshot, intent: charge.intent }] : [];
  });
}

async function writeAll(
  run: RunPrepared,
  known: ReadonlyMap<string, KnownObject>,
  changed: ReadonlyMap<string, KnownObject>,
): Promise<PaymentChange[]> {
  const objects = [...changed.values()];
  await writeObjects(run, objects);
  await updateAccounts(run, objects);
  await adoptEvents(run, objects);
  const payments = derive(known, new Set(objects.map(({ intent }) => intent)));
  for (const misfit of payments.flatMap(({ misfits }) => misfits))
    if (changed.has(misfit))
      throw new LedgerError('CURRENCY_MIXED', 'It is not in the currency of the payment that it belongs to.');
  const strangers = payments.filter(({ owner, customer }) => customer && !(owner.tenant_id && owner.user_id));
  const owners = await readOwners(run, [...new Set(strangers.map(({ customer }) => customer ?? ''))]);
  return await writePayments(run, payments, owners);
}

function derive(
  known: ReadonlyMap<string, KnownObject>,
  intents: ReadonlySet<string | null>,
): DerivedPayment[] {
  const groups = Map.groupBy(known.values(), ({ intent }) => intent);
  return [...intents].flatMap((intent) => {
    if (!intent) return [];
    const objects = groups.get(intent) ?? [];
    return (
      derivePayment(
        intent,
        objects.map(({ snapshot }) => snapshot),
      ) ?? []
    );
  });
}
