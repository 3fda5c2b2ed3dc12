import { describe, expect, it } from 'vitest';
import { databaseFault } from './database-fault.ts';

const refused = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });

describe('databaseFault', () => {
  it('names the database that does not answer, and when to retry', () => {
    const cause = new Error('select 1', { cause: refused });
    expect(databaseFault(cause, 'booking')).toMatchObject({
      reason: 'DATABASE_UNAVAILABLE',
      message: 'The database of the booking service does not answer.',
      options: { retryDelayMs: 1000, cause },
    });
  });

  it.each([
    ['53100', 'DATABASE_FULL', 'has a full disk and takes no writes until there is room', 10_000],
    ['25006', 'DATABASE_READ_ONLY', 'takes no writes for now', 1000],
    ['53000', 'DATABASE_UNAVAILABLE', 'lacks memory, connections or another resource', 1000],
    ['53200', 'DATABASE_UNAVAILABLE', 'lacks memory, connections or another resource', 1000],
    ['53300', 'DATABASE_UNAVAILABLE', 'lacks memory, connections or another resource', 1000],
    ['53400', 'DATABASE_UNAVAILABLE', 'lacks memory, connections or another resource', 1000],
    ['57P02', 'DATABASE_UNAVAILABLE', 'does not answer', 1000],
  ])(
    'B5: maps SQLSTATE %s to %s, even in the cause of another error',
    (code, reason, predicate, retryDelayMs) => {
      const state = Object.assign(new Error('from Postgres'), { code });
      for (const error of [state, new Error('insert', { cause: state })])
        expect(databaseFault(error, 'booking')).toMatchObject({
          reason,
          message: `The database of the booking service ${predicate}.`,
          options: { retryDelayMs },
        });
    },
  );

  it.each([
    ['one that the database gave', Object.assign(new Error(), { code: '23505' })],
    ['any', 'x'],
  ])('ignores another error: %s', (_what, error) => {
    expect(databaseFault(error, 'booking')).toBeUndefined();
  });
});
