import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { StartupError } from '@rollcall/runtime';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readOrCreateStripeSecret, STRIPE_SECRET_FILE } from './secrets.ts';

describe('readOrCreateStripeSecret', () => {
  let directory = '';

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'rollcall-stripe-'));
  });

  afterEach(() => {
    rmSync(directory, { recursive: true });
  });

  it('makes one that only its owner may read, and has the same one the next time', () => {
    const secret = readOrCreateStripeSecret(directory, {});
    expect(secret).toMatch(/^whsec_/);
    expect(readOrCreateStripeSecret(directory, { STRIPE_WEBHOOK_SECRETS: ' ' })).toBe(secret);
    expect(readdirSync(directory)).toEqual([STRIPE_SECRET_FILE]);
    expect(statSync(join(directory, STRIPE_SECRET_FILE)).mode & 0o777).toBe(0o600);
  });

  it('takes those that the environment names, and keeps them nowhere', () => {
    expect(readOrCreateStripeSecret(directory, { STRIPE_WEBHOOK_SECRETS: 'whsec_a,whsec_b' })).toBe(
      'whsec_a,whsec_b',
    );
    expect(readdirSync(directory)).toEqual([]);
  });

  it('does not go on with a file that holds something else', () => {
    writeFileSync(join(directory, STRIPE_SECRET_FILE), 'secret');
    expect(() => readOrCreateStripeSecret(directory, {})).toThrow(StartupError);
  });
});
