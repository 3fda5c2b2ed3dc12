import type { RunPrepared } from '@rollcall/runtime/postgres';
import { derivePayment } from '../../ledger/derive-payment.ts';
import { changedParts, type DerivedPayment } from '../../ledger/derived-payment.ts';
import { LedgerError } from '../../ledger/ledger-error.ts';
import { chargeOf, type IntentsOfCharges, intentAmongCharges, intentOf } from '../../ledger/payment-key.ts';
import { paymentTimesOf } from '../../ledger/payment-times.ts';
import { joinSnapshots, type Snapshot } from '../../ledger/snapshot.ts';
import { STRIPE_UNITS } from '../../money.ts';
import { updateCustomerRows } from '../postgres/customer-rows.ts';
import { type KnownObject, linkEvents, readObjects, writeObjects } from '../postgres/object-rows.ts';
import { readOwners, writePayments } from '../postgres/payment-rows.ts';
import type { PaymentChange } from './payment-change.ts';

/** The rows to write: all of the affected payments, or only the changed ones. */
type Extent = 'all' | 'changed';

/**
 * Merges snapshots into the ledger and writes the payments derived from it. The caller holds the locks of
 * all snapshots. Returns the changed payments.
 * @param extent `all` also repairs rows that do not follow from the snapshots. @defaultValue 'all'
 */
export async function applySnapshots(
  run: RunPrepared,
  snapshots: readonly Snapshot[],
  intents: IntentsOfCharges,
  extent: Extent = 'all',
): Promise<PaymentChange[]> {
  requireKnownCurrencies(snapshots);
  const known = await readKnown(run, snapshots, intents);
  const before = extent === 'changed' ? new Map(known) : NOTHING;
  const changed = new Map<string, KnownObject>();
  for (const snapshot of snapshots) {
    const before = known.get(snapshot.id);
    const joined = before ? joinSnapshots(before.snapshot, snapshot) : snapshot;
    const intent = before?.intent ?? intentAmongCharges(joined, intents);
    if (joined === before?.snapshot && intent === before.intent) continue;
    changed.set(joined.id, { snapshot: joined, intent });
    known.set(joined.id, { snapshot: joined, intent });
  }
  for (const orphan of linkedByCharge(known)) {
    changed.set(orphan.snapshot.id, orphan);
    known.set(orphan.snapshot.id, orphan);
  }
  const changes = await writeAll(run, { before, known, changed });
  return changes.length > 0 ? withTimes(changes, known, snapshots) : changes;
}

// The snapshots of this transaction have exact times. The times of linked objects are known only from the
// ledger.
function withTimes(
  changes: readonly PaymentChange[],
  known: Objects,
  latest: readonly Snapshot[],
): PaymentChange[] {
  const byPayment = Map.groupBy(known.values(), ({ intent }) => intent);
  const latestByPayment = Map.groupBy(latest, ({ id }) => known.get(id)?.intent ?? null);
  return changes.map((change) => {
    const snapshots = (byPayment.get(change.intent) ?? []).map(({ snapshot }) => snapshot);
    return { ...change, times: paymentTimesOf(latestByPayment.get(change.intent) ?? [], snapshots) };
  });
}

/** Adds the times by the ledger's snapshots to changes. */
export async function withKnownTimes(
  run: RunPrepared,
  changes: readonly PaymentChange[],
): Promise<PaymentChange[]> {
  if (changes.length === 0) return [];
  const objects = await readObjects(run, {
    intents: changes.map(({ intent }) => intent),
    ids: [],
    charges: [],
  });
  return withTimes(changes, new Map(objects.map((each) => [each.snapshot.id, each])), []);
}

const NOTHING: Objects = new Map();

type Objects = ReadonlyMap<string, KnownObject>;

async function readKnown(
  run: RunPrepared,
  snapshots: readonly Snapshot[],
  intents: IntentsOfCharges,
): Promise<Map<string, KnownObject>> {
  const groups = new Set<string>();
  const [ids, charges]: [string[], string[]] = [[], []];
  for (const snapshot of snapshots) {
    const intent = intentAmongCharges(snapshot, intents);
    if (intent) groups.add(intent);
    // An object without an intent may be stored without one, or under another one.
    if (!namesIntent(snapshot)) ids.push(snapshot.id);
    if (snapshot.kind === 'charge') charges.push(snapshot.id);
  }
  const objects = await readObjects(run, { intents: [...groups], ids, charges });
  return new Map(objects.map((each) => [each.snapshot.id, each]));
}

function namesIntent({ kind, fields }: Snapshot): boolean {
  if (kind === 'payment_intent') return true;
  // An invoice's payment is found by its intent; the invoice itself belongs to no payment then.
  return kind !== 'invoice' && 'payment_intent' in fields && fields.payment_intent !== null;
}

// Refunds and disputes that waited for the charge that names their payment.
function linkedByCharge(known: ReadonlyMap<string, KnownObject>): KnownObject[] {
  return [...known.values()].flatMap(({ snapshot, intent }) => {
    if (intent) return [];
    const charge = known.get(chargeOf(snapshot) ?? '');
    return charge?.intent ? [{ snapshot, intent: charge.intent }] : [];
  });
}

async function writeAll(
  run: RunPrepared,
  {
    before,
    known,
    changed,
  }: {
    readonly before: Objects;
    readonly known: Objects;
    readonly changed: Objects;
  },
): Promise<PaymentChange[]> {
  const objects = [...changed.values()];
  await writeObjects(run, objects);
  await updateCustomerRows(run, objects);
  await linkEvents(run, objects);
  const intents = new Set(objects.map(({ intent }) => intent));
  const payments = derive(known, intents);
  requireOneCurrency(payments, changed);
  const earlier = new Map(derive(before, intents).map((each) => [each.intent, each]));
  return await writeParts(
    run,
    payments.flatMap((each) => changedParts(earlier.get(each.intent), each) ?? []),
  );
}

/**
 * Derives payments again after a change of the rules, and writes all their rows. The caller holds their
 * locks. Returns the changed payments.
 */
export async function rederive(run: RunPrepared, keys: readonly string[]): Promise<PaymentChange[]> {
  const objects = await readObjects(run, {
    intents: keys,
    ids: [],
    charges: [],
  });
  const known = new Map(objects.map((each) => [each.snapshot.id, each]));
  return withTimes(await writeParts(run, derive(known, new Set(keys))), known, []);
}

async function writeParts(run: RunPrepared, parts: readonly DerivedPayment[]): Promise<PaymentChange[]> {
  const unowned = parts.filter(({ owner, customer }) => customer && !(owner.tenant_id && owner.user_id));
  const owners = await readOwners(run, [...new Set(unowned.map(({ customer }) => customer ?? ''))]);
  return await writePayments(run, parts, owners);
}

function requireKnownCurrencies(snapshots: readonly Snapshot[]): void {
  for (const { fields } of snapshots.filter(isMoney))
    if ('currency' in fields && !STRIPE_UNITS.has(fields.currency ?? ''))
      throw new LedgerError('CURRENCY_UNKNOWN', 'How Stripe counts its currency is in no table here.');
}

// An invoice is no money when another event reports its payment.
function isMoney(snapshot: Snapshot): boolean {
  return snapshot.kind !== 'invoice' || intentOf(snapshot) !== null;
}

function requireOneCurrency(payments: readonly DerivedPayment[], changed: Objects): void {
  for (const id of payments.flatMap(({ mixedCurrency }) => mixedCurrency))
    if (changed.has(id))
      throw new LedgerError('CURRENCY_MIXED', 'It is not in the currency of the payment that it belongs to.');
}

function derive(objects: Objects, intents: ReadonlySet<string | null>): DerivedPayment[] {
  const groups = Map.groupBy(objects.values(), ({ intent }) => intent);
  return [...intents].flatMap((intent) => {
    if (!intent) return [];
    const snapshots = (groups.get(intent) ?? []).map(({ snapshot }) => snapshot);
    return derivePayment(intent, snapshots) ?? [];
  });
}
