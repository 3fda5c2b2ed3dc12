import type { Logger, Secret } from '@rollcall/runtime';
import type { Pool } from '@rollcall/runtime/postgres';
import type { MetricReading, PostRoute } from '@rollcall/runtime/rpc';
import { DEFAULT_SCOPE, type LedgerScope } from '../ledger/origin.ts';
import { startApplier } from './apply/applier.ts';
import { maintainLedger, type RefetchPorts } from './apply/maintain-ledger.ts';
import type { OnChanges } from './apply/payment-change.ts';
import { resetFutureAttempts, storeEvents } from './postgres/event-rows.ts';
import { createInbox } from './receive/inbox.ts';
import { createWebhookReceiver, WEBHOOK_PATH, webhookRoute } from './receive/webhook-receiver.ts';

/** Options of the webhooks. */
export interface WebhooksOptions {
  readonly pool: Pool;
  readonly logger: Logger;
  /** The signing secrets. Empty: deliveries are refused, and stored events are applied. */
  readonly secrets: readonly Secret[];
  /** The maximum age of a delivery, in s. */
  readonly toleranceS: number;
  /**
   * The mode and the account whose events become payments.
   * @defaultValue test mode without an account
   */
  readonly scope?: LedgerScope;
  /**
   * Host names besides loopback by which deliveries may be addressed.
   * @defaultValue none
   */
  readonly hosts?: readonly string[];
  /**
   * Called with changed payments, in the transaction that changes them.
   * @defaultValue no call
   */
  readonly onChanges?: OnChanges;
  /**
   * The ports that resolve ambiguous objects at Stripe.
   * @defaultValue Stripe is not asked
   */
  readonly refetch?: RefetchPorts;
}

/** Running webhooks. Disposing them stores received deliveries and waits for running batches. */
export interface Webhooks extends AsyncDisposable {
  /** For the HTTP server. */
  readonly postRoutes: Readonly<Record<string, PostRoute>>;
  /** For /metrics. */
  readings(): MetricReading[];
}

/**
 * Receives and applies Stripe's events. All state is in the database, so that any number of processes can
 * do so.
 */
export function openWebhooks(options: WebhooksOptions): Webhooks {
  const { pool, logger, secrets, toleranceS, onChanges = async () => {}, refetch } = options;
  const { scope = DEFAULT_SCOPE } = options;
  const applier = startApplier({
    ...{ pool, logger, scope, onChanges },
    maintain: async () => {
      await resetFutureAttempts(pool);
      await maintainLedger({ pool, logger, onChanges, refetch });
    },
  });
  const inbox = createInbox({
    store: (events) => storeEvents(pool, events),
    onStored: () => applier.wake(),
  });
  const receiver = createWebhookReceiver({ secrets, toleranceS, now: Date.now, inbox, scope, logger });
  return {
    postRoutes: { [WEBHOOK_PATH]: webhookRoute(receiver, options.hosts) },
    readings: () => [...receiver.readings(), ...applier.readings()],
    [Symbol.asyncDispose]: async () => {
      await inbox[Symbol.asyncDispose]();
      await applier[Symbol.asyncDispose]();
    },
  };
}
