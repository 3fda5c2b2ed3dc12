import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { UserNotFoundError, UserUnavailableError } from './errors.ts';

const many = Array.from({ length: 5_000 }, () => randomUUID());
const degraded = { reason: 'breaker_open', cause: undefined } as const;

describe('an error about many users', () => {
  it.each([
    ['UserNotFoundError', (ids: readonly string[]) => new UserNotFoundError('acme', ids)],
    ['UserUnavailableError', (ids: readonly string[]) => new UserUnavailableError('acme', ids, degraded)],
  ])('names the first ids and counts the others, and has all of them: %s', (_, create) => {
    const error = create(many);
    expect(error.message).toContain(many.slice(0, 5).join(', '));
    expect(error.message).toContain('and 4995 more');
    expect(error.message).not.toContain(many[5]);
    expect(error.ids).toEqual(many);
    const few = create(many.slice(0, 5));
    expect(few.message).toContain(many[4]);
    expect(few.message).not.toContain('more');
  });
});
