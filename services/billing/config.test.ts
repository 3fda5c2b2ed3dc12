import { readConfig } from '@rollcall/runtime';
import { describe, expect, it } from 'vitest';
import { BILLING_SETTINGS, ledgerScopeOf } from './config.ts';

const scopeOf = (env: NodeJS.ProcessEnv) =>
  ledgerScopeOf(readConfig(BILLING_SETTINGS, { BILLING_DATABASE_URL: 'postgres://b:b@h/b', ...env }));

describe('B9: the mode and the account whose events become payments', () => {
  it.each<[string, NodeJS.ProcessEnv, boolean]>([
    ['live mode by a live key', { STRIPE_API_KEY: 'sk_live_1' }, true],
    ['live mode by a restricted live key', { STRIPE_API_KEY: 'rk_live_1' }, true],
    ['test mode by a test key', { STRIPE_API_KEY: 'sk_test_1' }, false],
    ['test mode without a key', {}, false],
    ['test mode by a key that does not say', { STRIPE_API_KEY: 'sk_1_live_' }, false],
    ['the setting, independent of the key', { STRIPE_API_KEY: 'sk_test_1', BILLING_LIVEMODE: 'true' }, true],
    ['what the setting says, without a key', { BILLING_LIVEMODE: 'true' }, true],
    ['test mode when the setting says so', { STRIPE_API_KEY: 'sk_live_1', BILLING_LIVEMODE: 'false' }, false],
    ['as the key, where the setting is empty', { STRIPE_API_KEY: 'sk_live_1', BILLING_LIVEMODE: '' }, true],
  ])('are %s', (_, env, livemode) => {
    expect(scopeOf(env)).toEqual({ livemode, account: undefined });
  });

  it.each(['sk_test_1 2', 'sk_test_1\nx', 'sk_test_ü'])(
    'reject a key or secret that a header cannot carry, without repeating it: %j',
    (text) => {
      const read = () => scopeOf({ STRIPE_API_KEY: text, STRIPE_WEBHOOK_SECRETS: `whsec_1,${text}` });
      expect(read).toThrow(/^STRIPE_API_KEY must be letters.*\nSTRIPE_WEBHOOK_SECRETS must be letters.*$/);
      expect(read).not.toThrow('sk_test');
    },
  );

  it('accept only an account of the form acct_…', () => {
    expect(scopeOf({ BILLING_STRIPE_ACCOUNT: 'acct_1A' }).account).toBe('acct_1A');
    expect(() => scopeOf({ BILLING_STRIPE_ACCOUNT: 'ours', BILLING_LIVEMODE: 'yes' })).toThrow(
      /BILLING_LIVEMODE.*\n.*BILLING_STRIPE_ACCOUNT/,
    );
  });
});
