import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { StartupError } from '@rollcall/runtime';
import { makeKeptFile, readKeptFile } from './secret-file.ts';

/** Name of the file in the data directory that holds it. `npm run stripe` finds it there. */
export const STRIPE_SECRET_FILE = 'stripe-webhook-secret';

/**
 * The secrets that events of Stripe are signed with: those of STRIPE_WEBHOOK_SECRETS, else one that lies in the data directory,
 * made where there is none yet and readable for its owner only. Whoever can read it can make billing believe an event.
 * @throws StartupError where it belongs to somebody else or is spoiled
 */
export function keepStripeSecret(dataDirectory: string, env: NodeJS.ProcessEnv): string {
  const given = env.STRIPE_WEBHOOK_SECRETS?.trim();
  if (given) return given;
  const path = join(dataDirectory, STRIPE_SECRET_FILE);
  const kept = (readKeptFile(path) ?? makeKeptFile(path, `${makeStripeSecret()}\n`)).trim();
  if (/^whsec_[\w-]{32,}$/.test(kept)) return kept;
  throw new StartupError(
    `${path} does not hold a secret as it should: delete it, and the next start makes one`,
  );
}

/** In the form that Stripe gives its own: `whsec_…`. */
function makeStripeSecret(): string {
  return `whsec_${randomBytes(32).toString('base64url')}`;
}
