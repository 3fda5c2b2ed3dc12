import { describe, expect, it } from 'vitest';
import { WatchSlots } from './watch-slots.ts';

const NEVER = new AbortController().signal;

describe('the slots of watches', () => {
  it('B10: let every watch read in turn, a few at a time, first come first served', async () => {
    const slots = new WatchSlots({ maxWatches: 500, maxReads: 2 });
    const [order, at] = [[] as number[], { now: 0, most: 0 }];
    const read = async (n: number) => {
      using _ = slots.acquire();
      await slots.read(async () => {
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

  it('B10: refuse the watch that is too many, and release their slots', () => {
    const slots = new WatchSlots({ maxWatches: 2, maxReads: 1 });
    using _ = slots.acquire();
    {
      using __ = slots.acquire();
      expect(() => slots.acquire()).toThrow('has 2 watchers and takes no more');
    }
    expect(() => slots.acquire()).not.toThrow();
  });

  it('B10: remove a waiting watch when its call ends, and no other', async () => {
    const slots = new WatchSlots({ maxWatches: 10, maxReads: 1 });
    const first = Promise.withResolvers<void>();
    const reading = slots.read(() => first.promise, NEVER);
    const leaving = new AbortController();
    const waiting = slots.read(async () => 'left', leaving.signal);
    const last = slots.read(async () => 'last', NEVER);
    leaving.abort(new Error('its deadline passed'));
    await expect(waiting).rejects.toThrow('its deadline passed');
    await expect(slots.read(async () => 'over', leaving.signal)).rejects.toThrow('its deadline passed');
    first.resolve();
    await reading;
    expect(await last).toBe('last');
    await expect(slots.read(() => Promise.reject(new Error('failed')), NEVER)).rejects.toThrow('failed');
    expect(await slots.read(async () => 'again', NEVER)).toBe('again');
  });
});
