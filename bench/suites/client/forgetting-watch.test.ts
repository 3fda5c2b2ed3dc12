import { create } from '@bufbuild/protobuf';
import { type User, UserSchema } from '@rollcall/contract/user';
import { describe, expect, it } from 'vitest';
import { ForgettingWatch } from './forgetting-watch.ts';

function memoryOf(id: string, version = 1n) {
  const users = new Map<string, User>([[id, create(UserSchema, { id, version })]]);
  return { users, peek: (wanted: string) => users.get(wanted) };
}

describe('the watch over what clients remember', () => {
  it('ends when each has forgotten, or holds something newer', async () => {
    const memories = [memoryOf('a'), memoryOf('a')] as const;
    using watch = new ForgettingWatch(memories);
    watch.expect('a');
    memories[0].users.clear();
    memories[1].users.set('a', create(UserSchema, { id: 'a', version: 2n }));
    const gone = await watch.end(10_000);
    expect(gone.map(({ id }) => id)).toEqual(['a', 'a']);
  });

  it('counts those who never forget as late, at the moment it gave up', async () => {
    using watch = new ForgettingWatch([memoryOf('a')]);
    watch.expect('a');
    const before = performance.timeOrigin + performance.now();
    const [gone, ...others] = await watch.end(50);
    expect(others).toEqual([]);
    expect(gone?.atMs).toBeGreaterThanOrEqual(before + 50);
  });

  it('refuses to wait for what nobody knew', async () => {
    using watch = new ForgettingWatch([memoryOf('a')]);
    expect(() => watch.expect('b')).toThrow('user b was unknown before it was changed');
    await watch.end(0);
  });
});
