import { describe, expect, it } from 'vitest';
import { SignInError } from '../sign-in-error.ts';
import { createPasswordHasher } from './password-hasher.ts';

const CHEAP = { memoryKib: 8, passes: 1, parallelism: 1 };

describe('createPasswordHasher', () => {
  it('does the same work for an unknown user, for a wrong password and for the right one', async () => {
    await using hasher = await createPasswordHasher({ concurrency: 1, parameters: CHEAP });
    const stored = await hasher.hash('a password');
    const costs: number[] = [];
    const verify = async (...args: Parameters<typeof hasher.verify>) => {
      const before = hasher.hashes;
      const { matches } = await hasher.verify(...args);
      costs.push(hasher.hashes - before);
      return matches;
    };
    expect(await verify(stored, 'a password')).toBe(true);
    expect(await verify(stored, 'another')).toBe(false);
    expect(await verify(undefined, 'a password')).toBe(false);
    expect(costs).toEqual([1, 1, 1]);
  });

  it('refuses the empty password for a user without a password', async () => {
    await using hasher = await createPasswordHasher({ concurrency: 1, parameters: CHEAP });
    expect(await hasher.verify(undefined, '')).toEqual({ matches: false, isOutdated: false });
  });

  it('reports a stored hash that it cannot read, and goes on', async () => {
    await using hasher = await createPasswordHasher({ concurrency: 1, parameters: CHEAP });
    await expect(hasher.verify('no hash', 'a password')).rejects.toThrow(
      'A stored password is no Argon2id string.',
    );
    expect(await hasher.hash('a password')).toMatch(/^\$argon2id/);
  });

  it('refuses as OVERLOADED what would wait too long, and goes on with the rest', async () => {
    await using hasher = await createPasswordHasher({ concurrency: 1, maxWaiting: 2, parameters: CHEAP });
    const answers = await Promise.allSettled(Array.from({ length: 5 }, () => hasher.hash('a password')));
    const refused = answers.flatMap((each) => (each.status === 'rejected' ? [each.reason] : []));
    expect(refused.map((reason: SignInError) => reason.reason)).toEqual(['OVERLOADED', 'OVERLOADED']);
    expect(refused[0]).toBeInstanceOf(SignInError);
    expect(refused[0].retryDelayMs).toBeGreaterThan(0);
    expect(await hasher.hash('a password')).toMatch(/^\$argon2id/);
    expect(hasher.waiting).toBe(0);
  });
});
