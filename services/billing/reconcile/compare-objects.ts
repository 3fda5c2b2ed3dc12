import { LedgerError } from '../ledger/ledger-error.ts';
import { readStripeFields } from '../ledger/read-stripe-fields.ts';
import type { StripeKind, StripeObject } from '../ledger/stripe-object.ts';
import { compareFields, compareRow, type Drift, type LedgerObject } from './drift.ts';
import type { FoundDrift, ReconcilePorts } from './reconcile-ports.ts';

type Ports = Pick<ReconcilePorts, 'gateway' | 'store' | 'snapshots' | 'pace' | 'now'>;

/** Objects of one kind, read from Stripe at one time. */
interface ObjectsRead {
  readonly runId: string;
  readonly kind: StripeKind;
  readonly objects: readonly StripeObject[];
  readonly readTime: Date;
  readonly repair: boolean;
}

/** Finds the objects that differ from the ledger, also after both were read again. */
export async function compareObjects(ports: Ports, read: ObjectsRead): Promise<FoundDrift[]> {
  const { kind, objects } = read;
  const here = await ports.store.findStored(
    kind,
    objects.map(({ id }) => id),
  );
  const differing = objects.filter((each) => compareObject(kind, each, here.get(each.id)).length > 0);
  const found: FoundDrift[] = [];
  for (const each of differing) {
    const isNew = !here.get(each.id)?.fields;
    // An event may have arrived since: the ledger must be compared with a fresh read.
    const confirmed = await confirmDrifts(
      ports,
      isNew ? { ...read, object: each } : await refetch(ports, read, each),
    );
    if (read.repair) await ports.store.recordDrifts(read.runId, confirmed);
    found.push(...confirmed);
  }
  return found;
}

interface ObjectRead extends Omit<ObjectsRead, 'objects'> {
  readonly object: StripeObject;
}

async function refetch(ports: Ports, read: ObjectsRead, listed: StripeObject): Promise<ObjectRead> {
  const readTime = (ports.now ?? (() => new Date()))();
  const object = (await ports.pace(() => ports.gateway.retrieve(read.kind, listed.id))) ?? listed;
  return { ...read, object, readTime };
}

async function confirmDrifts(
  ports: Ports,
  { kind, object: fresh, readTime, repair }: ObjectRead,
): Promise<FoundDrift[]> {
  const before = await compareWithStored(ports, kind, fresh);
  if (before.length === 0) return [];
  const note = (await ports.store.findPending([fresh.id])).has(fresh.id)
    ? 'an event of it waits or failed'
    : '';
  if (!repair) return before.map((each) => ({ ...each, repaired: false, note }));
  const parents = await missingParents(ports, fresh);
  const trouble = await applied(ports, [...parents, fresh], readTime);
  const after = trouble === undefined ? await compareWithStored(ports, kind, fresh) : before;
  const left = new Set(after.map((each) => each.class));
  return before.map((each) => ({
    ...each,
    repaired: !left.has(each.class),
    note: left.has(each.class) ? (trouble ?? 'it differs still') : note,
  }));
}

async function compareWithStored({ store }: Ports, kind: StripeKind, object: StripeObject): Promise<Drift[]> {
  return compareObject(kind, object, (await store.findStored(kind, [object.id])).get(object.id));
}

// A payment may be older than the compared period, and its refund not.
async function missingParents(
  { store, gateway, pace }: Ports,
  object: StripeObject,
): Promise<StripeObject[]> {
  const parents: StripeObject[] = [];
  for (const kind of ['payment_intent', 'charge'] as const) {
    const id = object[kind];
    if (typeof id !== 'string' || (await store.findStored(kind, [id])).get(id)?.fields) continue;
    const parent = await pace(() => gateway.retrieve(kind, id));
    if (parent) parents.push(parent);
  }
  return parents;
}

/** Applies objects to the ledger. Returns the reason of a refusal; undefined when they were applied. */
async function applied(
  { snapshots }: Ports,
  objects: readonly StripeObject[],
  readTime: Date,
): Promise<string | undefined> {
  try {
    await snapshots.apply(objects, readTime);
    return undefined;
  } catch (error) {
    const { constraint, reason } = error as { constraint?: unknown; reason?: unknown };
    const why = [constraint, reason].find((each) => typeof each === 'string');
    if (why === undefined) throw error;
    return `refused: ${why}`;
  }
}

/** Compares one object with the ledger. */
function compareObject(kind: StripeKind, object: StripeObject, here: LedgerObject | undefined): Drift[] {
  const about = { kind, id: object.id };
  try {
    const there = readStripeFields(kind, object) as unknown as Readonly<Record<string, unknown>>;
    const status = `status ${there.status ?? 'none'}`;
    if (!here?.fields) return [{ ...about, class: 'missing_here', here: 'nothing', there: status }];
    const differing = compareFields(about, here.fields, there);
    const classes = new Set(differing.map((each) => each.class));
    return [...differing, ...compareRow(about, here, there).filter((each) => !classes.has(each.class))];
  } catch (error) {
    if (!(error instanceof LedgerError)) throw error;
    return [{ ...about, class: 'not_understood', here: error.message, there: 'cannot be kept' }];
  }
}
