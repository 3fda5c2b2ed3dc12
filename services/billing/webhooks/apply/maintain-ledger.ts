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

/** The ports that refetch an object from Stripe and apply it. */
export interface RefetchPorts {
  readonly gateway: Pick<StripeGateway, 'isConfigured' | 'retrieve'>;
  readonly snapshots: Snapshots;
}

interface MaintenanceOptions {
  readonly pool: Pool;
  readonly logger: Logger;
  readonly onChanges: OnChanges;
  /** Undefined: Stripe is not asked. */
  readonly refetch: RefetchPorts | undefined;
}

// Older objects were found by earlier runs.
const RECENT_MS = 3_600_000;
const MAX_READS = 50;
const MAX_REDERIVED = 200;

/**
 * Maintains the parts of the ledger that events alone leave open: it derives payments again after a change
 * of rules, links payments to owners, updates subscriptions and invoices that were stored after their
 * events, and resolves ambiguous objects at Stripe. Without Stripe the deterministic choice between
 * ambiguous snapshots stays.
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

// Each in its own transaction, so that one that the database refuses does not block the others.
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
      logger.error({ payment: key, fault: derived }, 'payment cannot be derived again: reconcile it');
    await dropPaymentToDerive(pool, key);
  }
}

async function resolveAmbiguous(
  { pool, logger }: MaintenanceOptions,
  { gateway, snapshots }: RefetchPorts,
): Promise<void> {
  // A read is dated back, so that an object must be older than that to be replaced by it.
  for (const { id, kind, digest } of await readAmbiguous(pool, {
    olderThanS: READ_MARGIN_S + 1,
    limit: MAX_READS,
  })) {
    const readTime = new Date();
    const object = await gateway.retrieve(kind, id);
    if (object) await snapshots.apply([object], readTime).catch(unlessLedgerError);
    // Also when Stripe's answer changes nothing: another read would not help, and `reconcile` shows it.
    await clearAmbiguous(pool, { id, digest });
    logger.debug({ kind, objectId: id }, 'ambiguous object resolved by refetching it');
  }
}

// An answer that is not understood will not be understood the next time.
function unlessLedgerError(error: unknown): void {
  if (!(error instanceof LedgerError)) throw error;
}
