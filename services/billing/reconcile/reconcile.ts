import { BillingError } from '../errors.ts';
import type { StripeKind } from '../ledger/stripe-object.ts';
import type { StripePage } from '../payments/stripe-gateway.ts';
import { compareObjects } from './compare-objects.ts';
import { RunCutOff } from './pacer.ts';
import type { FoundDrift, OpenRun, ReconcilePorts, RunReport, RunTerms } from './reconcile-ports.ts';

/** The result of a run, and whether it is complete. */
export interface ReconcileResult extends RunReport {
  /** Undefined: the run is complete. */
  readonly cutOff: RunCutOff | undefined;
  readonly isResumed: boolean;
}

const UNSEEN_PAGE = 50;

/**
 * Compares every list of Stripe with the ledger, then looks for ledger objects that Stripe did not list.
 * Each part is recorded before the next one, so that a run that was cut off continues there.
 */
export async function reconcile(ports: ReconcilePorts, terms: RunTerms): Promise<ReconcileResult> {
  const run = await ports.store.open(terms);
  let cutOff: RunCutOff | undefined;
  try {
    await walk(ports, run, terms.repair);
    await ports.store.complete(run.id);
  } catch (error) {
    if (!(error instanceof RunCutOff)) throw error;
    cutOff = error;
  }
  return { ...(await ports.store.report(run.id)), cutOff, isResumed: run.isResumed };
}

interface Step {
  readonly kind: StripeKind;
  readonly part: 'listed' | 'unseen';
}

// Parents first, so that a repair finds them in the ledger.
const ORDER = [
  'payment_intent',
  'charge',
  'refund',
  'dispute',
  'customer',
  'subscription',
  'invoice',
] as const satisfies readonly StripeKind[];

const STEPS: readonly Step[] = ORDER.flatMap((kind) => [
  { kind, part: 'listed' as const },
  { kind, part: 'unseen' as const },
]);

async function walk(ports: ReconcilePorts, run: OpenRun, repair: boolean): Promise<void> {
  let { step: at, after } = run.position;
  for (let step = STEPS[at]; step; step = STEPS[at]) {
    const { kind, part } = step;
    const done =
      part === 'listed'
        ? await listed(ports, run, { kind, after, repair })
        : await unseen(ports, run, { kind, after, repair });
    if (done.isLast) at += 1;
    after = done.isLast ? null : done.after;
    await ports.store.save(run.id, { seen: done.seen, drifts: done.drifts, next: { step: at, after } });
    ports.onPart?.({ kind, objects: done.seen.length, drifts: done.drifts.length });
  }
}

interface Part {
  readonly kind: StripeKind;
  readonly after: string | null;
  readonly repair: boolean;
}

interface PartDone {
  readonly seen: readonly string[];
  readonly drifts: readonly FoundDrift[];
  readonly isLast: boolean;
  readonly after: string | null;
}

async function listed(ports: ReconcilePorts, run: OpenRun, { kind, after, repair }: Part): Promise<PartDone> {
  const readTime = (ports.now ?? (() => new Date()))();
  const { objects, hasMore } = await nextPage(ports, run, { kind, after });
  const drifts = await compareObjects(ports, { runId: run.id, kind, objects, readTime, repair });
  const last = objects.at(-1)?.id ?? null;
  return { seen: objects.map(({ id }) => id), drifts, isLast: !hasMore || last === null, after: last };
}

async function unseen(ports: ReconcilePorts, run: OpenRun, { kind, after, repair }: Part): Promise<PartDone> {
  const ids = await ports.store.listUnlisted(run, { kind, after, limit: UNSEEN_PAGE });
  const drifts: FoundDrift[] = [];
  for (const id of ids) {
    const readTime = (ports.now ?? (() => new Date()))();
    const object = await ports.pace(() => ports.gateway.retrieve(kind, id));
    if (object)
      drifts.push(
        ...(await compareObjects(ports, { runId: run.id, kind, objects: [object], readTime, repair })),
      );
    else drifts.push(missingThere(kind, id));
  }
  return { seen: ids, drifts, isLast: ids.length < UNSEEN_PAGE, after: ids.at(-1) ?? null };
}

// The ledger never deletes an object that is missing at Stripe: a person must decide that.
function missingThere(kind: StripeKind, id: string): FoundDrift {
  return { kind, id, class: 'missing_there', here: 'kept', there: 'nothing', repaired: false, note: '' };
}

// Stripe's maximum page size.
const PAGE = 100;

/** Reads the page after an object. When Stripe has deleted that object, it starts from the beginning. */
async function nextPage(
  { gateway, pace }: Pick<ReconcilePorts, 'gateway' | 'pace'>,
  run: OpenRun,
  { kind, after }: { kind: StripeKind; after: string | null },
): Promise<StripePage> {
  const list = {
    createdFrom: Math.floor(run.since.getTime() / 1000),
    createdBefore: Math.ceil(run.until.getTime() / 1000),
    limit: PAGE,
  };
  try {
    return await pace(() => gateway.list(kind, { ...list, ...(after && { after }) }));
  } catch (error) {
    const isGone = error instanceof BillingError && error.metadata.stripe_code === 'resource_missing';
    if (!isGone || after === null) throw error;
    return await pace(() => gateway.list(kind, list));
  }
}
