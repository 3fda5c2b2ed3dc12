import { LogOutput } from '@rollcall/runtime';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { listenForStop } from './stop-signal.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function listen() {
  const onRepeated = vi.fn();
  const stop = listenForStop(new LogOutput(1), onRepeated);
  return { stop, onRepeated, request: () => process.emit('SIGHUP') };
}

it('B8: a request that is repeated after the clock went back counts as a second request', () => {
  const { stop, onRepeated, request } = listen();
  using _ = stop;
  request();
  expect(stop.signal.aborted).toBe(true);
  vi.advanceTimersByTime(2000);
  vi.setSystemTime(Date.now() - 3_600_000);
  request();
  expect(onRepeated).toHaveBeenCalledOnce();
});

it('B8: the echo of one request is not a second request when the clock went forward', () => {
  const { stop, onRepeated, request } = listen();
  using _ = stop;
  request();
  vi.setSystemTime(Date.now() + 3_600_000);
  request();
  expect(onRepeated).not.toHaveBeenCalled();
});
