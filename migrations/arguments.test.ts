import { describe, expect, it } from 'vitest';
import { HELP, type MigrationTarget, readTargets } from './arguments.ts';

const ENV = {
  AUTH_DATABASE_URL: 'postgres://u:hush@db/auth',
  BOOKING_DATABASE_URL: 'postgres://u:hush@db/booking',
  VENDOR_DATABASE_URL: 'postgres://u:hush@db/vendor',
};

describe('readTargets', () => {
  it('takes all databases that are set where none is named, and else those that are, once each', () => {
    expect(namesOf([])).toEqual(['auth', 'booking', 'vendor']);
    expect(namesOf(['booking', 'booking'])).toEqual(['booking']);
  });

  it('needs the variables of those only that it migrates', () => {
    const { AUTH_DATABASE_URL } = ENV;
    expect(readTargets(['auth'], { AUTH_DATABASE_URL })).toHaveLength(1);
  });

  it('tells all missing variables at once, their form, and who needs them', () => {
    expect(() => readTargets([], {})).toThrow(
      'Set AUTH_DATABASE_URL, BOOKING_DATABASE_URL, VENDOR_DATABASE_URL and BILLING_DATABASE_URL to postgres://user:password@host:port/database: npm run migrate is for databases outside this checkout, npm start migrates its own',
    );
  });

  it('tells what it does not know, and help where that is asked for', () => {
    expect(() => readTargets(['--dry', 'toString'], ENV)).toThrow(
      /^npm run migrate does not know "--dry": it takes auth, booking, vendor or billing, .*\nThere is no database "toString": name auth, booking, vendor or billing/,
    );
    expect(readTargets(['auth', '--help'], {})).toBe('help');
    for (const variable of Object.keys(ENV)) expect(HELP).toContain(variable);
  });

  it('A6: takes the direct address of a database before the one of its pooler', () => {
    const direct = 'postgres://u:hush@direct/auth';
    const env = { ...ENV, AUTH_DATABASE_DIRECT_URL: direct, AUTH_DATABASE_POOLED: 'true' };
    const [target, other] = readTargets([], env) as MigrationTarget[];
    expect(target).toMatchObject({ isPooled: true, database: { variable: 'AUTH_DATABASE_DIRECT_URL' } });
    expect(target?.url.reveal()).toBe(direct);
    expect(other).toMatchObject({ isPooled: false, database: { variable: 'BOOKING_DATABASE_URL' } });
    expect(readTargets(['auth'], { AUTH_DATABASE_DIRECT_URL: direct })).toHaveLength(1);
    const faulty = { AUTH_DATABASE_URL: 'a', AUTH_DATABASE_POOLED: 'b', BOOKING_DATABASE_URL: 'c' };
    expect(() => readTargets([], faulty)).toThrow(
      /AUTH_DATABASE_URL must be .*\nAUTH_DATABASE_POOLED must be .*\nBOOKING_DATABASE_URL must be /,
    );
  });

  it('refuses one database for two services, without repeating its password', () => {
    const env = { ...ENV, BOOKING_DATABASE_URL: ENV.AUTH_DATABASE_URL };
    expect(() => readTargets([], env)).toThrow(
      /^AUTH_DATABASE_URL and BOOKING_DATABASE_URL name the same database: give each service one of its own$/,
    );
  });
});

function namesOf(args: string[]): string[] {
  const targets = readTargets(args, ENV);
  return targets === 'help' ? [] : targets.map(({ name }) => name);
}
