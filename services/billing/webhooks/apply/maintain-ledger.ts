import type { Logger } from '@rollcall/runtime';
import { isDatabaseDown, type Pool } from '@rollcall/runtime/postgres';
import { LedgerError } from '../../ledger/ledger-error.ts';
import { READ_MARGIN_S } from '../../ledger/snapshot.ts';
import type { Snapshots, StripeGateway } from '../../payments/stripe-gateway.ts';
import { linkOwners, settleAccounts } from '../postgres/account-rows.ts';
import { lockKeys, transactRelaxed } from '../postgres/ledger-transaction.ts';
import { clearAmbiguous, dropStale, readAmbiguous, readStale } from '../postgres/maintenance-queue.ts';
import { deriveAnew, withKnownTimes } from './apply-snapshots.ts';
import { faultText } from './failed-attempt.ts';
import type { OnChanges } from './payment-change.ts';

/** How Stripe is asked again. */
export interface Rereads {
  readonly gateway: Pick<StripeGateway, 'isConfigured' | 'retrieve'>;
  /** What becomes of what Stripe answers. */
  readonly snapshots: Snapshots;
}

/** What is needed to settle what events alone leave open. */
interface SettleOptions {
  readonly pool: Pool;
  readonly logger: Logger;
  readonly onChanges: OnChanges;
  /** Undefined: Stripe is not asked. */
  readonly rereads: Rereads | undefined;
}

// What was told longer ago than this was found the times before.
const RECENT_MS = 3_600_000;
const MOST_READS = 50;
const MOST_STALE = 200;

/**
 * Derives payments anew that a rule changed, finds owners for payments that have none, brings subscriptions and invoices up to what was told of them before they were
 * here, and asks Stripe how the objects stand of which two snapshots of one second differ. Where Stripe is not to be asked,
 * the choice stays that depends on nothing but the snapshots themselves.
 */
export async function settle(options: SettleOptions): Promise<void> {
  await deriveStale(options);
  await transactRelaxed(options.pool, async (run) => {
    const changes = await withKnownTimes(run, await linkOwners(run));
    if (changes.length > 0) await options.onChanges(run, changes);
    await settleAccounts(run, RECENT_MS);
  });
  if (options.rereads?.gateway.isConfigured) await readAgain(options, options.rereads);
}

// Each in a transaction of its own: one that the database refuses keeps none of the others back.
async function deriveStale({ pool, logger, onChanges }: SettleOptions): Promise<void> {
  for (const key of await readStale(pool, MOST_STALE)) {
    const derived = await transactRelaxed(pool, async (run) => {
      await lockKeys(run, [key], 'wait');
      const changes = await deriveAnew(run, [key]);
      if (changes.length > 0) await onChanges(run, changes);
    }).catch((error: unknown) => {
      if (isDatabaseDown(error)) throw error;
      return faultText(error);
    });
    if (derived !== undefined)
      logger.error({ payment: key, fault: derived }, 'payment cannot be derived anew: reconcile it');
    await dropStale(pool, key);
  }
}

async function readAgain({ pool, logger }: SettleOptions, { gateway, snapshots }: Rereads): Promise<void> {
  // An answer counts as a little older than it is; what is younger than that would not give way to it yet.
  for (const { id, kind, digest } of await readAmbiguous(pool, {
    olderThanS: READ_MARGIN_S + 1,
    limit: MOST_READS,
  })) {
    const readTime = new Date();
    const object = await gateway.retrieve(kind, id);
    if (object) await snapshots.apply([object], readTime).catch(unlessLedgerError);
    // Also where Stripe says what is never gone back to: asking once more would not help, and reconcile shows it.
    await clearAmbiguous(pool, { id, digest });
    logger.debug({ kind, objectId: id }, 'two snapshots of one second were settled by reading it again');
  }
}

// What is not understood is no answer, and will not be one the next time.
function unlessLedgerError(error: unknown): void {
  if (!(error instanceof LedgerError)) throw error;
}
