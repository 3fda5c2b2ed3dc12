import { create } from '@bufbuild/protobuf';
import { type User, UserSchema } from '@rollcall/contract/user';
import { describe, expect, it } from 'vitest';
import { InvalidationWatch } from './invalidation-watch.ts';

function memoryOf(id: string, version = 1n) {
  const users = new Map<string, User>([[id, create(UserSchema, { id, version })]]);
  return { users, peek: (wanted: string) => users.get(wanted) };
}

describe('the watch over caches of clients', () => {
  it('ends when each cache has dropped the user or holds a newer version', async () => {
    const memories = [memoryOf('a'), memoryOf('a')] as const;
    using watch = new InvalidationWatch(memories, ['a']);
    watch.expect('a');
    memories[0].users.clear();
    memories[1].users.set('a', create(UserSchema, { id: 'a', version: 2n }));
    const gone = await watch.end(10_000);
    expect(gone.map(({ id }) => id)).toEqual(['a', 'a']);
  });

  it('counts a cache that never drops the user as late, at the moment the watch ended', async () => {
    using watch = new InvalidationWatch([memoryOf('a')], ['a']);
    watch.expect('a');
    const before = performance.timeOrigin + performance.now();
    const [gone, ...others] = await watch.end(50);
    expect(others).toEqual([]);
    expect(gone?.atMs).toBeGreaterThanOrEqual(before + 50);
  });

  it('finds every cache that has dropped the user, whichever it polls first', async () => {
    const memories = Array.from({ length: 20 }, () => memoryOf('a'));
    using watch = new InvalidationWatch(memories, ['a']);
    watch.expect('a');
    memories[17]?.users.clear();
    const gone = await watch.end(200);
    const [first = 0, ...others] = gone.map(({ atMs }) => atMs).sort((a, b) => a - b);
    expect(others).toHaveLength(19);
    expect(new Set(others)).toHaveLength(1);
    expect(first).toBeLessThan(others[0] as number);
  });

  it('refuses to wait for a user that no cache holds or that was not announced', async () => {
    expect(() => new InvalidationWatch([memoryOf('a')], ['b'])).toThrow(
      'user b was unknown before it was changed',
    );
    using watch = new InvalidationWatch([memoryOf('a')], []);
    expect(() => watch.expect('a')).toThrow('user a was not announced to the watch');
    await watch.end(0);
  });
});
