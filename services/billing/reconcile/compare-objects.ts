import type { StripeKind, StripeObject } from '../payments/stripe-object.ts';
import type { Drift } from './drift.ts';
import { judgeObject } from './judge-objects.ts';
import { RunCutOff } from './pacer.ts';
import type { ReconcilePorts } from './reconcile.ts';
import type { FoundDrift } from './reconcile-store.ts';

type Ports = Pick<ReconcilePorts, 'gateway' | 'store' | 'snapshots' | 'pace' | 'now'>;

/** Objects of one kind as Stripe had them at one time. */
export interface ObjectsRead {
  readonly kind: StripeKind;
  readonly objects: readonly StripeObject[];
  readonly readTime: Date;
  readonly repair: boolean;
}

/** Where objects and what is here of them disagree, and still do when both are looked at again. */
export async function compareObjects(ports: Ports, read: ObjectsRead): Promise<FoundDrift[]> {
  const { kind, objects } = read;
  const suspects = objects.filter(({ id }) => id !== '');
  const here = await ports.store.here(
    kind,
    suspects.map(({ id }) => id),
  );
  const differing = suspects.filter((each) => judgeObject(kind, each, here.get(each.id)).length > 0);
  const found: FoundDrift[] = [];
  for (const each of differing) found.push(...(await settle(ports, read, each)));
  return found;
}

// An event may have come between the two looks; what is new here is told by Stripe again.
async function settle(ports: Ports, read: ObjectsRead, listed: StripeObject): Promise<FoundDrift[]> {
  const { kind, repair } = read;
  const readTime = (ports.now ?? (() => new Date()))();
  const fresh = (await ports.pace(() => ports.gateway.retrieve(kind, listed.id))) ?? listed;
  const before = await judge(ports, kind, fresh);
  if (before.length === 0) return [];
  const note = (await ports.store.waiting([fresh.id])).has(fresh.id) ? 'an event of it waits or failed' : '';
  if (!repair) return before.map((each) => ({ ...each, repaired: false, note }));
  const trouble = await applied(ports, fresh, readTime);
  const after = trouble === undefined ? await judge(ports, kind, fresh) : before;
  const left = new Set(after.map((each) => each.class));
  return before.map((each) => ({
    ...each,
    repaired: !left.has(each.class),
    note: left.has(each.class) ? (trouble ?? 'it differs still') : note,
  }));
}

async function judge({ store }: Ports, kind: StripeKind, object: StripeObject): Promise<Drift[]> {
  return judgeObject(kind, object, (await store.here(kind, [object.id])).get(object.id));
}

/** Why it could not be applied; undefined: it was. */
async function applied(
  { snapshots }: Ports,
  object: StripeObject,
  readTime: Date,
): Promise<string | undefined> {
  try {
    await snapshots.apply([object], readTime);
    return undefined;
  } catch (error) {
    if (error instanceof RunCutOff) throw error;
    const { constraint, reason } = error as { constraint?: unknown; reason?: unknown };
    const why = [constraint, reason].find((each) => typeof each === 'string');
    if (why === undefined) throw error;
    return `refused: ${why}`;
  }
}
