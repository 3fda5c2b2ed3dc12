import { integerSetting, optional, Secret, type Setting, type Settings } from '@rollcall/runtime';

/** How Stripe is reached; for the settings of the service and of the command-line tool. */
export const STRIPE_SETTINGS = {
  stripeKey: optional<Secret>({
    variable: 'STRIPE_SECRET_KEY',
    doc: 'Secret or restricted key of the Stripe account; unset: what needs Stripe answers STRIPE_NOT_CONFIGURED, all else works.',
    parse: parseKey,
  }),
  stripeApiBase: optional<URL>({
    variable: 'STRIPE_API_BASE',
    doc: 'Where Stripe is asked instead of https://api.stripe.com, such as http://127.0.0.1:12111 for stripe-mock.',
    parse: parseBase,
  }),
  stripeTimeoutMs: integerSetting({
    variable: 'STRIPE_TIMEOUT_MS',
    default: '10000',
    min: 100,
    max: 80_000,
    doc: 'How long one request to Stripe may take, in milliseconds.',
  }),
  stripeMaxRetries: integerSetting({
    variable: 'STRIPE_MAX_RETRIES',
    default: '2',
    min: 0,
    max: 10,
    doc: 'How often a request is sent again that Stripe did not answer, or answered with a failure of its own.',
  }),
} as const satisfies Settings & { readonly stripeKey: Setting<Secret | undefined> };

// The text itself is never repeated in a message.
function parseKey(text: string): Secret {
  if (!/^[A-Za-z0-9_]{8,255}$/.test(text)) throw new Error('a key as Stripe makes them: sk_… or rk_…');
  return new Secret(text);
}

function parseBase(text: string): URL {
  const url = URL.parse(text);
  const isBase =
    url && /^https?:$/.test(url.protocol) && url.pathname === '/' && !url.search && !url.username;
  if (!isBase) throw new Error('of the form https://host:port, with nothing behind it');
  return url;
}
