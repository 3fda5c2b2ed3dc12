import { describe, expect, it } from 'vitest';
import { WatchSlots } from './watch-slots.ts';

const NEVER = new AbortController().signal;

describe('the slots of watches', () => {
  it('let every watch read in turn, a few at a time, first come first served', async () => {
    const places = new WatchSlots({ maxWatches: 500, maxReads: 2 });
    const [order, at] = [[] as number[], { now: 0, most: 0 }];
    const read = async (n: number) => {
      using _ = places.acquire();
      await places.read(async () => {
        at.now += 1;
        at.most = Math.max(at.most, at.now);
        await new Promise(setImmediate);
        at.now -= 1;
        order.push(n);
      }, NEVER);
    };
    const numbers = Array.from({ length: 500 }, (_, n) => n);
    await Promise.all(numbers.map(read));
    expect(order).toEqual(numbers);
    expect(at.most).toBe(2);
  });

  it('refuse the watch that is too many, and release their slots', () => {
    const places = new WatchSlots({ maxWatches: 2, maxReads: 1 });
    using _ = places.acquire();
    {
      using __ = places.acquire();
      expect(() => places.acquire()).toThrow('has 2 watchers and takes no more');
    }
    expect(() => places.acquire()).not.toThrow();
  });

  it('remove a waiting watch when its call ends, and no other', async () => {
    const places = new WatchSlots({ maxWatches: 10, maxReads: 1 });
    const first = Promise.withResolvers<void>();
    const reading = places.read(() => first.promise, NEVER);
    const leaving = new AbortController();
    const waiting = places.read(async () => 'left', leaving.signal);
    const last = places.read(async () => 'last', NEVER);
    leaving.abort(new Error('its deadline passed'));
    await expect(waiting).rejects.toThrow('its deadline passed');
    await expect(places.read(async () => 'over', leaving.signal)).rejects.toThrow('its deadline passed');
    first.resolve();
    await reading;
    expect(await last).toBe('last');
    await expect(places.read(() => Promise.reject(new Error('failed')), NEVER)).rejects.toThrow('failed');
    expect(await places.read(async () => 'again', NEVER)).toBe('again');
  });
});
