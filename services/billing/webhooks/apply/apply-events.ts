import type { RunPrepared } from '@rollcall/runtime/postgres';
import { LedgerError } from '../../ledger/ledger-error.ts';
import { placeOf } from '../../ledger/lifecycle.ts';
import { foreignFault, foreignReason, type LedgerScope } from '../../ledger/origin.ts';
import { chargeOf, intentOf, type Snapshot } from '../../ledger/snapshot.ts';
import { readIntentsOfCharges } from '../postgres/adopt-events.ts';
import { type ClaimedEvent, lockKeys, markApplied, markForeign } from '../postgres/claim-events.ts';
import type { ToldObject } from '../receive/webhook-event.ts';
import { applySnapshots } from './apply-snapshots.ts';
import { type IntentsOfCharges, intentAmong } from './intents-of-charges.ts';
import type { PaymentChange } from './payment-change.ts';

/** What a transaction did. */
export interface Applied {
  readonly applied: readonly ClaimedEvent[];
  /** Left as they were, because another worker is at the same payment. */
  readonly busy: readonly ClaimedEvent[];
  readonly changes: readonly PaymentChange[];
}

/** Applies events that the transaction has claimed, and says so of them. Those of another mode or account it sets aside. */
export async function applyEvents(
  run: RunPrepared,
  events: readonly ClaimedEvent[],
  scope: LedgerScope,
): Promise<Applied> {
  const foreign = events.flatMap((event) => {
    const reason = foreignReason(event, scope);
    return reason ? [{ id: event.id, fault: foreignFault(reason, event) }] : [];
  });
  if (foreign.length > 0) await markForeign(run, foreign);
  const ours = foreign.length > 0 ? events.filter((event) => !foreignReason(event, scope)) : events;
  const told = ours.map((event) => ({ event, snapshots: snapshotsOf(event) }));
  const all = told.flatMap(({ snapshots }) => snapshots);
  const { locked, intents } = await lockSnapshots(run, all, 'try');
  const isLocked = (snapshot: Snapshot) => keysOf(snapshot, intents).every((key) => locked.has(key));
  const { ready = [], busy = [] } = Object.groupBy(told, (each) =>
    each.snapshots.every(isLocked) ? 'ready' : 'busy',
  );
  const snapshots = ready.flatMap((each) => each.snapshots);
  const changes = snapshots.length > 0 ? await applySnapshots(run, snapshots, intents, 'changed') : [];
  const applied = ready.map(({ event }) => event);
  if (applied.length > 0)
    await markApplied(
      run,
      applied.map(({ id }) => id),
    );
  return { applied, busy: busy.map(({ event }) => event), changes };
}

/**
 * Locks what snapshots belong to. A charge that is named can only be looked up once it is locked, and its payment is locked
 * after that.
 */
export async function lockSnapshots(
  run: RunPrepared,
  snapshots: readonly Snapshot[],
  patience: 'try' | 'wait',
): Promise<{ readonly locked: ReadonlySet<string>; readonly intents: IntentsOfCharges }> {
  const keys = new Set(snapshots.flatMap((each) => keysOf(each, NO_INTENTS)));
  const locked = await lockKeys(run, [...keys], patience);
  const intents = await intentsOf(run, snapshots);
  const more = new Set(snapshots.flatMap((each) => keysOf(each, intents))).difference(keys);
  if (more.size === 0) return { locked, intents };
  return { locked: locked.union(await lockKeys(run, [...more], patience)), intents };
}

const NO_INTENTS: IntentsOfCharges = new Map();

// What must be applied by one worker at a time. A charge may be what a refund waits for that names nothing else.
function keysOf(snapshot: Snapshot, intents: IntentsOfCharges): string[] {
  const intent = intentAmong(snapshot, intents);
  if (snapshot.kind === 'charge') return intent ? [intent, snapshot.id] : [snapshot.id];
  const charge = intentOf(snapshot) ? null : chargeOf(snapshot);
  return [intent, charge].filter((each) => each !== null).concat(intent || charge ? [] : snapshot.id);
}

// The intents of the charges that refunds and disputes without an intent name.
async function intentsOf(run: RunPrepared, snapshots: readonly Snapshot[]): Promise<IntentsOfCharges> {
  const charges = snapshots.flatMap((each) => (intentOf(each) ? [] : (chargeOf(each) ?? [])));
  if (charges.length === 0) return new Map();
  const here = snapshots
    .filter(({ kind }) => kind === 'charge')
    .map((each) => [each.id, intentOf(each)] as const);
  return new Map([
    ...(await readIntentsOfCharges(run, charges)),
    ...here.flatMap(([id, intent]) => (intent ? [[id, intent] as const] : [])),
  ]);
}

function snapshotsOf(event: ClaimedEvent): Snapshot[] {
  if (event.payload.length === 0)
    throw new LedgerError(
      'SHAPE_UNKNOWN',
      'Nothing of the event was understood when it came; reconcile what it is about.',
    );
  return event.payload.map((each) => toSnapshot(event, each));
}

function toSnapshot(event: ClaimedEvent, { kind, id, facts, digest }: ToldObject): Snapshot {
  const { type, created, livemode, account } = event;
  const key = { ...placeOf(kind, facts, type), asOf: created, digest };
  return { kind, id, key, facts, ambiguous: false, origin: { livemode, account } };
}
