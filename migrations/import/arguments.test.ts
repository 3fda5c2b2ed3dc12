import { describe, expect, it } from 'vitest';
import { HELP, readArguments } from './arguments.ts';
import { KINDS } from './source/open-source.ts';

describe('readArguments', () => {
  it('has defaults for all but kind and path', () => {
    expect(readArguments(['hotel-bookings', 'a.csv'])).toMatchObject({
      kindName: 'hotel-bookings',
      path: 'a.csv',
      tenantId: 'demo',
      currency: { code: 'EUR' },
      reportPath: 'import-report-hotel-bookings-demo.csv',
    });
  });

  it('takes options anywhere', () => {
    const args = ['--tenant', 'acme', 'hotel-bookings', '--report=r.csv', 'a.csv', '--currency', 'usd'];
    expect(readArguments(args)).toMatchObject({
      tenantId: 'acme',
      reportPath: 'r.csv',
      currency: { code: 'USD' },
    });
  });

  it('knows every kind, and tells them in its help', () => {
    expect(readArguments(['--help'])).toBe('help');
    for (const name of Object.keys(KINDS)) expect(HELP).toContain(`${name}: `);
  });

  it.for([
    [[], 'Which kind of file?'],
    [['toString', 'x'], 'There is no kind of file "toString": name one of hotel-bookings'],
    [['hotel-bookings'], 'Which file?'],
    [['hotel-bookings', 'a', 'b'], 'One file at a time, and not also b'],
    [['hotel-bookings', 'a', '--tennant', 'x'], "Unknown option '--tennant'"],
    [['hotel-bookings', 'a', '--tenant'], "Option '--tenant <value>' argument missing"],
    [['hotel-bookings', 'a', '--tenant', 'A'], '--tenant "A" cannot be a tenant'],
    [['hotel-bookings', 'a', '--currency', 'euro'], '--currency "euro" is not a currency'],
  ] as const)('refuses %j in one line', ([args, why]) => {
    expect(() => readArguments(args)).toThrow(
      expect.objectContaining({ message: expect.not.stringContaining('\n') }),
    );
    expect(() => readArguments(args)).toThrow(why);
  });
});
