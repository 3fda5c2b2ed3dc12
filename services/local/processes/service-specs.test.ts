import { makeKey } from '@rollcall/runtime/sealing';
import { describe, expect, it } from 'vitest';
import { readLocalConfig } from '../config.ts';
import { SERVICES, type ServiceName } from '../settings.ts';
import { serviceSpecs } from './service-specs.ts';

const urls = Object.fromEntries(SERVICES.map((name) => [name, `postgres://${name}@db/${name}`])) as Record<
  ServiceName,
  string
>;
const keys = { AUTH_ENCRYPTION_KEYS: makeKey('k1'), AUTH_INDEX_KEYS: makeKey('i1') };

const envOf = (env: NodeJS.ProcessEnv) => {
  const specs = serviceSpecs(readLocalConfig(env, []), '/data', { urls, keys, stripeSecret: 'whsec_1' });
  return Object.fromEntries(specs.map((spec) => [spec.name, spec.env]));
};

describe('serviceSpecs', () => {
  it('gives each service its own database and secrets, and those of no other', () => {
    const secrets = { STRIPE_API_KEY: 'sk_test_1', STRIPE_WEBHOOK_SECRETS: 'whsec_0' };
    const owner = { AUTH_DATABASE_OWNER_URL: 'postgres://owner:hush@db/auth' };
    const outside = { ...owner, VENDOR_DATABASE_URL: 'postgres://u:hush@db/mine', HOME: '/home/me' };
    const specs = envOf({ ...secrets, ...outside });
    for (const name of SERVICES) {
      const env = specs[name] ?? {};
      const databases = Object.entries(env).filter(([variable]) => variable.endsWith('_DATABASE_URL'));
      expect(databases).toEqual([[`${name.toUpperCase()}_DATABASE_URL`, urls[name]]]);
      expect(env).not.toHaveProperty('AUTH_DATABASE_OWNER_URL');
      expect(env.HOME).toBe('/home/me');
      expect('AUTH_INDEX_KEYS' in env).toBe(name === 'auth');
      expect('STRIPE_API_KEY' in env).toBe(name === 'billing');
    }
    expect(specs.billing?.STRIPE_WEBHOOK_SECRETS).toBe('whsec_1');
    expect(specs.booking).not.toHaveProperty('STRIPE_WEBHOOK_SECRETS');
  });

  it('tells those who live on users where the auth service is, and has each keep names in a folder of its own', () => {
    const specs = envOf({ AUTH_GRPC_PORT: '9001', BOOKING_GRPC_PORT: '9002' });
    for (const name of ['booking', 'vendor', 'billing'] as const) {
      expect(specs[name]).toMatchObject({
        AUTH_ADDRESS: '127.0.0.1:9001',
        [`${name.toUpperCase()}_USERS_SNAPSHOT_PATH`]: `/data/${name}/users.snapshot`,
      });
    }
    expect(specs.billing?.BOOKING_ADDRESS).toBe('127.0.0.1:9002');
  });
});
