import {
  booleanSetting,
  type ConfigOf,
  databaseAccessSettings,
  databaseUrlSetting,
  integerSetting,
  LOG_LEVEL_SETTING,
  optional,
  portSetting,
  type Secret,
  textSetting,
} from '@rollcall/runtime';
import { userAccessSettings } from '@rollcall/user-access';

import type { LedgerScope } from './ledger/origin.ts';
import { accountSetting, hostsSetting, secretSetting, secretsSetting, urlSetting } from './setting-kinds.ts';

/** What the billing service reads from its environment. */
export const BILLING_SETTINGS = {
  databaseUrl: databaseUrlSetting({
    variable: 'BILLING_DATABASE_URL',
    doc: 'PostgreSQL database of the billing service, as postgres://user:password@host:port/database.',
  }),
  ...databaseAccessSettings('BILLING', { needsDirect: 'migrations, commands and the outbox' }),
  host: textSetting({
    variable: 'BILLING_HOST',
    default: '127.0.0.1',
    doc: 'Address that the billing service listens on; loopback only, because its callers are not authenticated.',
  }),
  grpcPort: portSetting({
    variable: 'BILLING_GRPC_PORT',
    default: '50054',
    doc: 'Port of the billing service for gRPC.',
  }),
  httpPort: portSetting({
    variable: 'BILLING_HTTP_PORT',
    default: '8084',
    doc: 'Port of the billing service for Connect, gRPC-Web, JSON, webhooks, health and metrics.',
  }),
  maxConnections: integerSetting({
    variable: 'BILLING_DATABASE_CONNECTIONS',
    default: '10',
    min: 1,
    max: 200,
    doc: 'Most database connections of the billing service for prepared statements, and as many again for everything else.',
  }),
  ...userAccessSettings({ prefix: 'BILLING', service: 'billing' }),
  bookingAddress: textSetting({
    variable: 'BOOKING_ADDRESS',
    default: '127.0.0.1:50052',
    doc: 'Where the billing service tells by gRPC what came in for a booking: host:port, or several separated by commas.',
  }),
  stripeApiKey: optional(
    secretSetting({
      variable: 'STRIPE_API_KEY',
      doc: 'Secret key of the Stripe account; unset: what needs Stripe is refused, and everything else works.',
    }),
  ),
  stripeApiBase: optional(
    urlSetting({
      variable: 'STRIPE_API_BASE',
      doc: 'Where Stripe is called, such as http://127.0.0.1:12111 for a stand-in; unset: at Stripe.',
    }),
  ),
  livemode: optional(
    booleanSetting({
      variable: 'BILLING_LIVEMODE',
      doc: "Whether events of Stripe's live mode become payments, or those of its test mode; unset: as STRIPE_API_KEY, and without a live key test mode.",
    }),
  ),
  stripeAccount: optional(
    accountSetting({
      variable: 'BILLING_STRIPE_ACCOUNT',
      doc: 'Account at Stripe whose events become payments beside those that name no account, as acct_…; unset: events of connected accounts are stored and not applied.',
    }),
  ),
  stripeWebhookSecrets: secretsSetting({
    variable: 'STRIPE_WEBHOOK_SECRETS',
    doc: 'Signing secrets of the webhook, separated by commas: several while one takes the place of another; unset: webhooks are refused.',
  }),
  webhookHosts: hostsSetting({
    variable: 'BILLING_WEBHOOK_HOSTS',
    doc: 'Names, besides loopback, by which the webhook may be addressed, separated by commas: of the tunnel or proxy before it.',
  }),
  stripeWebhookToleranceS: integerSetting({
    variable: 'STRIPE_WEBHOOK_TOLERANCE_S',
    default: '300',
    min: 1,
    max: 86_400,
    doc: 'How many seconds a webhook may be old, by the time that its signature covers.',
  }),
  logLevel: LOG_LEVEL_SETTING,
} as const;

/** The settings of one billing process. */
export type BillingConfig = ConfigOf<typeof BILLING_SETTINGS>;

/** The mode and the account whose events become payments. */
export function ledgerScopeOf(
  config: Pick<BillingConfig, 'livemode' | 'stripeAccount' | 'stripeApiKey'>,
): LedgerScope {
  const livemode = config.livemode ?? isLiveKey(config.stripeApiKey) ?? false;
  return { livemode, account: config.stripeAccount };
}

/** Whether a key of Stripe's is of live mode; undefined: there is none, or it does not say. */
export function isLiveKey(key: Secret | undefined): boolean | undefined {
  const [, mode] = /^(?:sk|rk)_(live|test)_/.exec(key?.reveal() ?? '') ?? [];
  return mode === undefined ? undefined : mode === 'live';
}
