import {
  booleanSetting,
  type ConfigOf,
  databaseAccessSettings,
  databaseUrlSetting,
  integerSetting,
  LOG_LEVEL_SETTING,
  optional,
  portSetting,
  Secret,
  type Setting,
  textSetting,
} from '@rollcall/runtime';
import { userAccessSettings } from '@rollcall/user-access';
import type { LedgerScope } from './ledger/origin.ts';

/** The settings of the billing service, each with its variable, default and rule. */
export const BILLING_SETTINGS = {
  databaseUrl: databaseUrlSetting({
    variable: 'BILLING_DATABASE_URL',
    doc: 'PostgreSQL database of the billing service, as postgres://user:password@host:port/database.',
  }),
  ...databaseAccessSettings('BILLING', { needsDirect: 'migrations, commands and the outbox' }),
  host: textSetting({
    variable: 'BILLING_HOST',
    default: '127.0.0.1',
    doc: 'Address on which the billing service listens; loopback only, because its callers are not authenticated.',
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
    doc: 'Maximum number of database connections for prepared statements, and as many again for all others.',
  }),
  ...userAccessSettings({ prefix: 'BILLING', service: 'billing' }),
  bookingAddress: textSetting({
    variable: 'BOOKING_ADDRESS',
    default: '127.0.0.1:50052',
    doc: 'gRPC address of the booking service, to which payments are reported: host:port, or several separated by commas.',
  }),
  stripeApiKey: optional(
    secretSetting({
      variable: 'STRIPE_API_KEY',
      doc: 'Secret key of the Stripe account; unset: calls that need Stripe are refused, and all others work.',
    }),
  ),
  stripeApiBase: optional(
    urlSetting({
      variable: 'STRIPE_API_BASE',
      doc: 'Base URL of Stripe, such as http://127.0.0.1:12111 for a fake; unset: https://api.stripe.com.',
    }),
  ),
  livemode: optional(
    booleanSetting({
      variable: 'BILLING_LIVEMODE',
      doc: 'Whether events of live mode become payments, or those of test mode; unset: the mode of STRIPE_API_KEY, or test mode without a live key.',
    }),
  ),
  stripeAccount: optional(
    accountSetting({
      variable: 'BILLING_STRIPE_ACCOUNT',
      doc: 'Stripe account, acct_…, whose events become payments beside events without an account; unset: events of connected accounts are stored and not applied.',
    }),
  ),
  stripeWebhookSecrets: secretsSetting({
    variable: 'STRIPE_WEBHOOK_SECRETS',
    doc: 'Signing secrets of the webhook, separated by commas: several during a rotation; unset: webhooks are refused.',
  }),
  webhookHosts: hostsSetting({
    variable: 'BILLING_WEBHOOK_HOSTS',
    doc: 'Host names besides loopback by which a tunnel or proxy addresses the webhook, separated by commas.',
  }),
  stripeWebhookToleranceS: integerSetting({
    variable: 'STRIPE_WEBHOOK_TOLERANCE_S',
    default: '300',
    min: 1,
    max: 86_400,
    doc: 'Maximum age of a webhook by the time in its signature, in seconds.',
  }),
  logLevel: LOG_LEVEL_SETTING,
} as const;

/** The values of `BILLING_SETTINGS` in one process. */
export type BillingConfig = ConfigOf<typeof BILLING_SETTINGS>;

/** The mode and the account whose events become payments, by the settings. */
export function ledgerScopeOf(
  config: Pick<BillingConfig, 'livemode' | 'stripeAccount' | 'stripeApiKey'>,
): LedgerScope {
  const livemode = config.livemode ?? isLiveKey(config.stripeApiKey) ?? false;
  return { livemode, account: config.stripeAccount };
}

/** Whether a Stripe key is a live key. Undefined when the key is absent or has another prefix. */
export function isLiveKey(key: Secret | undefined): boolean | undefined {
  const [, mode] = /^(?:sk|rk)_(live|test)_/.exec(key?.reveal() ?? '') ?? [];
  return mode === undefined ? undefined : mode === 'live';
}

type About = Omit<Setting<unknown>, 'parse'>;

/** A secret of printable ASCII without blanks, so that a header can carry it. */
function secretSetting(about: About): Setting<Secret> {
  return { ...about, parse: parseSecret };
}

/** Secrets separated by commas. The default is an empty list. */
function secretsSetting(about: About): Setting<readonly Secret[]> {
  const parse = (text: string) =>
    text
      .split(',')
      .map((each) => each.trim())
      .filter(Boolean)
      .map(parseSecret);
  return { ...about, default: '', parse };
}

// The error message never repeats the secret.
function parseSecret(text: string): Secret {
  if (!/^[!-~]+$/.test(text)) throw new Error('letters, digits and signs of ASCII, without blanks');
  return new Secret(text);
}

const HOST = /^(?:\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::\d{1,5})?$/;

/** Host names separated by commas, each with an optional port. The default is an empty list. */
function hostsSetting(about: About): Setting<readonly string[]> {
  const parse = (text: string) => {
    const hosts = text
      .split(',')
      .map((each) => each.trim().toLowerCase())
      .filter(Boolean);
    if (!hosts.every((each) => HOST.test(each)))
      throw new Error('of the form hooks.example.com,other.example.com:8443');
    return hosts;
  };
  return { ...about, default: '', parse };
}

/** A URL with scheme, host, optional port and path. It has no user, query or fragment. */
function urlSetting(about: About): Setting<URL> {
  return { ...about, parse: parseUrl };
}

/** The id of a Stripe account, `acct_…`. */
function accountSetting(about: About): Setting<string> {
  const parse = (text: string) => {
    if (!/^acct_[A-Za-z0-9]{1,200}$/.test(text)) throw new Error('of the form acct_…');
    return text;
  };
  return { ...about, parse };
}

function parseUrl(text: string): URL {
  const url = URL.parse(text);
  const isPlain = url && !url.username && !url.password && !url.search && !url.hash;
  if (!isPlain || !/^https?:$/.test(url.protocol)) throw new Error('of the form https://host:port');
  return url;
}
