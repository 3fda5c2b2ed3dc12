import { describe, expect, it } from 'vitest';
import { portsOf, readLocalConfig } from './config.ts';

const OUTSIDE = {
  AUTH_DATABASE_URL: 'postgres://u:hush@db:5432/auth',
  BOOKING_DATABASE_URL: 'postgres://u:hush@db:5432/booking',
  VENDOR_DATABASE_URL: 'postgres://u:hush@db:5432/vendor',
  BILLING_DATABASE_URL: 'postgres://u:hush@db:5432/billing',
};

describe('readLocalConfig', () => {
  it('has a default for everything', () => {
    const config = readLocalConfig({}, []);
    expect(config).toMatchObject({
      authGrpcPort: 50051,
      authHttpPort: 8081,
      bookingGrpcPort: 50052,
      bookingHttpPort: 8082,
      vendorGrpcPort: 50053,
      vendorHttpPort: 8083,
      billingGrpcPort: 50054,
      billingHttpPort: 8084,
      postgresPort: 54320,
      embedded: ['auth', 'booking', 'vendor', 'billing'],
      flags: { reset: false, yes: false, noSample: false, help: false },
    });
    expect(config.dataDirectory).toMatch(/^\/.*\/\.rollcall$/);
  });

  it('names every fault at once, one line each', () => {
    const env = { AUTH_GRPC_PORT: '0', AUTH_HTTP_PORT: 'http', BOOKING_DATABASE_URL: 'mysql://x' };
    expect(faultsOf(env, ['--rest', '--reset'])).toEqual([
      'npm start does not know "--rest": it takes --reset, --yes, --no-sample, --help',
      expect.stringMatching(/^AUTH_GRPC_PORT must be a whole number from 1 to 65535, not "0"/),
      expect.stringMatching(/^AUTH_HTTP_PORT must be a whole number from 1 to 65535, not "http"/),
      expect.stringMatching(/^BOOKING_DATABASE_URL must be of the form postgres:/),
    ]);
  });

  it('refuses one port for two', () => {
    expect(faultsOf({ AUTH_HTTP_PORT: '9000', POSTGRES_PORT: '9000' }, [])).toEqual([
      'AUTH_HTTP_PORT and POSTGRES_PORT both say 9000: give each a port of its own',
    ]);
    expect(faultsOf({ VENDOR_GRPC_PORT: '8084', AUTH_HTTP_PORT: '8084' }, [])).toEqual([
      'AUTH_HTTP_PORT, VENDOR_GRPC_PORT and BILLING_HTTP_PORT all say 8084: give each a port of its own',
    ]);
  });

  it('refuses one database for two services', () => {
    const url = 'postgres://u:hush@db/shared';
    const [one, other] = [{ AUTH_DATABASE_URL: url }, { VENDOR_DATABASE_URL: url }];
    const env = { ...one, BOOKING_DATABASE_URL: 'postgres://v:hush@db:5432/shared' };
    expect(faultsOf(env, [])).toEqual([
      'AUTH_DATABASE_URL and BOOKING_DATABASE_URL name the same database: give each service one of its own',
    ]);
    expect(faultsOf({ ...other, BILLING_DATABASE_URL: url }, [])).toEqual([
      'VENDOR_DATABASE_URL and BILLING_DATABASE_URL name the same database: give each service one of its own',
    ]);
  });

  it('finds what is wrong with the settings that it only hands on', () => {
    expect(faultsOf({ LOG_LEVEL: 'loud' }, [])).toEqual([
      expect.stringMatching(
        /^LOG_LEVEL must be one of trace, .*, silent, not "loud": correct it or unset it$/,
      ),
    ]);
  });

  it('needs no Postgres, nor its port, when all databases are elsewhere', () => {
    const config = readLocalConfig({ ...OUTSIDE, AUTH_HTTP_PORT: '9000', POSTGRES_PORT: '9000' }, []);
    expect(config.embedded).toEqual([]);
    expect(portsOf(config).map(({ variable }) => variable)).not.toContain('POSTGRES_PORT');
  });

  it('refuses to reset databases that are not its own, without repeating their passwords', () => {
    const faults = faultsOf(OUTSIDE, ['--reset']);
    expect(faults).toEqual([expect.stringMatching(/^--reset empties the embedded database only/)]);
    expect(faults.join()).not.toContain('hush');
    expect(readLocalConfig({ AUTH_DATABASE_URL: OUTSIDE.AUTH_DATABASE_URL }, ['--reset']).embedded).toEqual([
      'booking',
      'vendor',
      'billing',
    ]);
  });
});

function faultsOf(env: NodeJS.ProcessEnv, args: string[]): string[] {
  try {
    readLocalConfig(env, args);
  } catch (error) {
    return (error as Error).message.split('\n');
  }
  return [];
}
