import { describe, expect, it } from 'vitest';
import { serializeError } from './logger.ts';

const postgres = (code: string, message: string) =>
  Object.assign(new Error(message), {
    code,
    constraint: 'users_email_key',
    detail: 'Key (email)=(ada@example.com)',
  });

describe('serializeError', () => {
  it('keeps name, message, place and causes', () => {
    const error = new TypeError('outer', {
      cause: Object.assign(new Error('inner'), { code: 'ECONNREFUSED' }),
    });
    expect(serializeError(error)).toMatchObject({
      name: 'TypeError',
      message: 'outer',
      at: expect.arrayContaining([expect.stringContaining('serialize-error.test.ts')]),
      cause: { message: 'inner', code: 'ECONNREFUSED' },
    });
  });

  it.each([
    ['23505', 'duplicate key value\n - detail: Key (email)=(ada@example.com) already exists.'],
    ['23514', 'violates check\n - detail: Failing row contains (ada@example.com).'],
    ['22P02', 'invalid input syntax for type uuid: "ada@example.com"'],
  ])('leaves out the values of a row in a Postgres error %s', (code, message) => {
    const logged = JSON.stringify(serializeError(new Error('outer', { cause: postgres(code, message) })));
    expect(logged).not.toContain('ada@example.com');
    expect(logged).toContain(code);
  });

  it('ends when errors are causes of one another', () => {
    const error = new Error('round');
    error.cause = error;
    expect(JSON.stringify(serializeError(error)).length).toBeLessThan(20_000);
  });

  it('returns a value that is no error unchanged', () => {
    expect(serializeError('text')).toBe('text');
  });
});
