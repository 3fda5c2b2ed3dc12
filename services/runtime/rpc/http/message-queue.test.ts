import { describe, expect, it } from 'vitest';
import { createQueue } from './message-queue.ts';

describe('createQueue', () => {
  it('hands over what was pushed, in order, and ends', async () => {
    const queue = createQueue<number>();
    void queue.push(1);
    void queue.push(2).then(queue.end);
    expect(await Array.fromAsync(queue)).toEqual([1, 2]);
  });

  it('resolves a push only when its value was taken', async () => {
    const queue = createQueue<number>();
    let sent = false;
    const push = queue.push(1).then(() => {
      sent = true;
    });
    await Promise.resolve();
    expect(sent).toBe(false);
    const reader = queue[Symbol.asyncIterator]();
    expect(await reader.next()).toEqual({ done: false, value: 1 });
    void reader.next();
    await push;
    expect(sent).toBe(true);
  });

  it('throws the error of the sender to the reader, after the values before it', async () => {
    const queue = createQueue<number>();
    void queue.push(1);
    queue.fail(new Error('broken'));
    const seen: number[] = [];
    const read = async () => {
      for await (const value of queue) seen.push(value);
    };
    await expect(read()).rejects.toThrow('broken');
    expect(seen).toEqual([1]);
  });

  it('rejects pushes once the reader has left', async () => {
    const queue = createQueue<number>();
    const first = queue.push(1);
    const second = queue.push(2);
    for await (const _ of queue) break;
    await Promise.all([first, second]);
    await expect(queue.push(3)).rejects.toThrow('gone');
  });
});
