import type { Logger } from '@rollcall/runtime';
import { isDatabaseDown, type Pool } from '@rollcall/runtime/postgres';
import { LedgerError } from '../../ledger/ledger-error.ts';
import { READ_MARGIN_S } from '../../ledger/snapshot.ts';
import type { Snapshots, StripeGateway } from '../../payments/stripe-gateway.ts';
import { catchUpCustomerRows, linkOwners } from '../postgres/customer-rows.ts';
import { lockKeys, transactRelaxed } from '../postgres/ledger-transaction.ts';
import {
  clearAmbiguous,
  dropPaymentToDerive,
  readAmbiguous,
  readPaymentsToDerive,
} from '../postgres/maintenance-queue.ts';
import { rederive, withKnownTimes } from './apply-snapshots.ts';
import { faultText } from './failed-attempt.ts';
import type { OnChanges } from './payment-change.ts';

/** How Stripe is asked again. */
export interface RefetchPorts {
  readonly gateway: Pick<StripeGateway, 'isConfigured' | 'retrieve'>;
  /** What becomes of what Stripe answers. */
  readonly snapshots: Snapshots;
}

/** What is needed to settle what events alone leave open. */
interface MaintenanceOptions {
  readonly pool: Pool;
  readonly logger: Logger;
  readonly onChanges: OnChanges;
  /** Undefined: Stripe is not asked. */
  readonly refetch: RefetchPorts | undefined;
}

// What was told longer ago than this was found the times before.
const RECENT_MS = 3_600_000;
const MAX_READS = 50;
const MAX_REDERIVED = 200;

/**
 * Derives payments anew that a rule changed, finds owners for payments that have none, brings subscriptions and invoices up to what was told of them before they were
 * here, and asks Stripe how the objects stand of which two snapshots of one second differ. Where Stripe is not to be asked,
 * the choice stays that depends on nothing but the snapshots themselves.
 */
export async function maintainLedger(options: MaintenanceOptions): Promise<void> {
  await rederivePayments(options);
  await transactRelaxed(options.pool, async (run) => {
    const changes = await withKnownTimes(run, await linkOwners(run));
    if (changes.length > 0) await options.onChanges(run, changes);
    await catchUpCustomerRows(run, RECENT_MS);
  });
  if (options.refetch?.gateway.isConfigured) await resolveAmbiguous(options, options.refetch);
}

// Each in a transaction of its own: one that the database refuses keeps none of the others back.
async function rederivePayments({ pool, logger, onChanges }: MaintenanceOptions): Promise<void> {
  for (const key of await readPaymentsToDerive(pool, MAX_REDERIVED)) {
    const derived = await transactRelaxed(pool, async (run) => {
      await lockKeys(run, [key], 'wait');
      const changes = await rederive(run, [key]);
      if (changes.length > 0) await onChanges(run, changes);
    }).catch((error: unknown) => {
      if (isDatabaseDown(error)) throw error;
      return faultText(error);
    });
    if (derived !== undefined)
      logger.error({ payment: key, fault: derived }, 'payment cannot be derived anew: reconcile it');
    await dropPaymentToDerive(pool, key);
  }
}

async function resolveAmbiguous(
  { pool, logger }: MaintenanceOptions,
  { gateway, snapshots }: RefetchPorts,
): Promise<void> {
  // An answer counts as a little older than it is; what is younger than that would not give way to it yet.
  for (const { id, kind, digest } of await readAmbiguous(pool, {
    olderThanS: READ_MARGIN_S + 1,
    limit: MAX_READS,
  })) {
    const readTime = new Date();
    const object = await gateway.retrieve(kind, id);
    if (object) await snapshots.apply([object], readTime).catch(unlessLedgerError);
    // Also where Stripe says what is never gone back to: asking once more would not help, and reconcile shows it.
    await clearAmbiguous(pool, { id, digest });
    logger.debug({ kind, objectId: id }, 'ambiguous object resolved by refetching it');
  }
}

// What is not understood is no answer, and will not be one the next time.
function unlessLedgerError(error: unknown): void {
  if (!(error instanceof LedgerError)) throw error;
}
