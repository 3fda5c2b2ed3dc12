import { describe, expect, it } from 'vitest';
import { readSampleArguments } from './arguments.ts';

describe('the arguments of npm run sample', () => {
  it.each([
    [['--users', '1000000'], { users: 1_000_000, tenantId: 'crowd' }],
    [['--users=1_000', '--tenant=acme'], { users: 1000, tenantId: 'acme' }],
    [['--tenant', 'acme', '--users', '1'], { users: 1, tenantId: 'acme' }],
    [['--help'], 'help'],
    [['-h'], 'help'],
    [['--demo'], 'demo'],
  ])('are read: %j', (args, expected) => {
    expect(readSampleArguments(args)).toEqual(expected);
  });

  it.each([
    [[], 'How many users'],
    [['--users'], "Option '--users <value>' argument missing; --help says more"],
    [['--users', ''], 'not ""'],
    [['--demo', '--users', '5'], 'npm run sample -- --demo does not take --users'],
    [['--demo', '--bogus'], "Unknown option '--bogus'; --help says more"],
    [['--users', '0'], 'from 1 to 10000000, not "0"'],
    [['--users', '1e3'], 'not "1e3"'],
    [['--users', '10000001'], 'from 1 to 10000000'],
    [['--users', '1', '--tenant', 'No!'], 'not "No!"'],
    [['users'], 'does not know "users"'],
  ])('are refused with the cure: %j', (args, message) => {
    expect(() => readSampleArguments(args)).toThrow(message);
  });
});
