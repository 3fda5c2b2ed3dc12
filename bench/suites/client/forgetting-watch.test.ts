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
    using watch = new ForgettingWatch(memories, ['a']);
    watch.expect('a');
    memories[0].users.clear();
    memories[1].users.set('a', create(UserSchema, { id: 'a', version: 2n }));
    const gone = await watch.end(10_000);
    expect(gone.map(({ id }) => id)).toEqual(['a', 'a']);
  });

  it('counts those who never forget as late, at the moment it gave up', async () => {
    using watch = new ForgettingWatch([memoryOf('a')], ['a']);
    watch.expect('a');
    const before = performance.timeOrigin + performance.now();
    const [gone, ...others] = await watch.end(50);
    expect(others).toEqual([]);
    expect(gone?.atMs).toBeGreaterThanOrEqual(before + 50);
  });

  it('finds everybody who has forgotten, whoever is looked into first', async () => {
    const memories = Array.from({ length: 20 }, () => memoryOf('a'));
    using watch = new ForgettingWatch(memories, ['a']);
    watch.expect('a');
    memories[17]?.users.clear();
    const gone = await watch.end(200);
    const [first = 0, ...others] = gone.map(({ atMs }) => atMs).sort((a, b) => a - b);
    expect(others).toHaveLength(19);
    expect(new Set(others)).toHaveLength(1);
    expect(first).toBeLessThan(others[0] as number);
  });

  it('refuses to wait for what nobody knew, or was not announced', async () => {
    expect(() => new ForgettingWatch([memoryOf('a')], ['b'])).toThrow(
      'user b was unknown before it was changed',
    );
    using watch = new ForgettingWatch([memoryOf('a')], []);
    expect(() => watch.expect('a')).toThrow('user a was not announced to the watch');
    await watch.end(0);
  });
});
