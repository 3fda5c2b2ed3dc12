import { describe, expect, it } from 'vitest';
import { type CallerSettings, isGuarded } from './open-callers.ts';

const NOTHING: CallerSettings = {
  host: '127.0.0.1',
  tlsCertificate: undefined,
  tlsKey: undefined,
  tlsClientCa: undefined,
  callerKeys: undefined,
  requireCallers: false,
};
const TLS = { tlsCertificate: 'c', tlsKey: 'k' };

describe('callers', () => {
  it.each<[string, Partial<CallerSettings>, boolean]>([
    ['are not asked who they are on loopback, where nothing says so', {}, false],
    ['are on loopback where that is required', { requireCallers: true, callerKeys: 'j' }, true],
    ['are on loopback where there are keys to know them by', { callerKeys: 'j' }, true],
    ['are elsewhere, by token', { host: '0.0.0.0', ...TLS, callerKeys: 'j' }, true],
    ['are elsewhere, by certificate', { host: '10.0.0.1', ...TLS, tlsClientCa: 'a' }, true],
  ])('%s', (_, settings, expected) => {
    expect(isGuarded({ ...NOTHING, ...settings })).toBe(expected);
  });

  it.each<[string, Partial<CallerSettings>, string[]]>([
    [
      'elsewhere without anything',
      { host: '0.0.0.0' },
      ['AUTH_TLS_CERT_FILE', 'AUTH_TLS_CLIENT_CA_FILE', 'AUTH_CALLER_JWKS_FILE', 'AUTH_HOST'],
    ],
    [
      'elsewhere with tokens in the clear',
      { host: '0.0.0.0', callerKeys: 'j' },
      ['AUTH_TLS_CERT_FILE', 'AUTH_TLS_KEY_FILE'],
    ],
    [
      'elsewhere with TLS alone',
      { host: '::', ...TLS },
      ['AUTH_TLS_CLIENT_CA_FILE', 'AUTH_CALLER_JWKS_FILE'],
    ],
    ['where they must be known, and nothing says how', { requireCallers: true }, ['AUTH_CALLER_JWKS_FILE']],
    ['with half of TLS', { tlsKey: 'k', callerKeys: 'j' }, ['AUTH_TLS_CERT_FILE']],
    ['with authorities but no TLS', { tlsClientCa: 'a' }, ['AUTH_TLS_CERT_FILE']],
  ])('are not served %s, and the settings to change are named', (_, settings, variables) => {
    const attempt = () => isGuarded({ ...NOTHING, ...settings });
    for (const variable of variables) expect(attempt).toThrow(variable);
  });
});
