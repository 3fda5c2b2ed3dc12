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

/** What webhooks need. */
export interface WebhooksOptions {
  readonly pool: Pool;
  readonly logger: Logger;
  /** Signing secrets; empty: deliveries are refused, and what is in the ledger is applied. */
  readonly secrets: readonly Secret[];
  /** How old a delivery may be, in s. */
  readonly toleranceS: number;
  /** Whose events become payments. Default: those of test mode that name no account. */
  readonly scope?: LedgerScope;
  /** Names, besides loopback, by which deliveries may be addressed. Default: none. */
  readonly hosts?: readonly string[];
  /** What follows for others from payments that changed, in the transaction that changes them. Default: nothing. */
  readonly onChanges?: OnChanges;
  /** Whom to ask where two events of one second differ, and what becomes of the answer. Default: nobody is asked. */
  readonly refetch?: RefetchPorts;
}

/** Webhooks, open. Disposing it stores what was delivered, and lets what is being applied end. */
export interface Webhooks extends AsyncDisposable {
  /** For the HTTP door. */
  readonly plainRoutes: Readonly<Record<string, PostRoute>>;
  /** For /metrics. */
  readings(): MetricReading[];
}

/** Takes deliveries in and applies them. Everything that it knows is in the database; any number of processes may do so. */
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
    plainRoutes: { [WEBHOOK_PATH]: webhookRoute(receiver, options.hosts) },
    readings: () => [...receiver.readings(), ...applier.readings()],
    [Symbol.asyncDispose]: async () => {
      await inbox[Symbol.asyncDispose]();
      await applier[Symbol.asyncDispose]();
    },
  };
}
