import { describe, expect, it } from 'vitest';
import { databaseFault } from './database-fault.ts';

const refused = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });

describe('databaseFault', () => {
  it('says of a database that does not answer whose it is, and when to try again', () => {
    const cause = new Error('select 1', { cause: refused });
    expect(databaseFault(cause, 'booking')).toMatchObject({
      reason: 'DATABASE_UNAVAILABLE',
      message: 'The database of the booking service does not answer.',
      options: { retryDelayMs: 1000, cause },
    });
  });

  it.each([
    ['one that the database gave', Object.assign(new Error(), { code: '23505' })],
    ['any', 'x'],
  ])('leaves another error alone: %s', (_what, error) => {
    expect(databaseFault(error, 'booking')).toBeUndefined();
  });
});
