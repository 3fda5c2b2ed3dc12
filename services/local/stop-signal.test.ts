import { LogOutput } from '@rollcall/runtime';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { listenForStop } from './stop-signal.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function listen() {
  const onImpatience = vi.fn();
  const stop = listenForStop(new LogOutput(1), onImpatience);
  return { stop, onImpatience, request: () => process.emit('SIGHUP') };
}

it('B8: a request that is repeated after the clock went back is impatience', () => {
  const { stop, onImpatience, request } = listen();
  using _ = stop;
  request();
  expect(stop.signal.aborted).toBe(true);
  vi.advanceTimersByTime(2000);
  vi.setSystemTime(Date.now() - 3_600_000);
  request();
  expect(onImpatience).toHaveBeenCalledOnce();
});

it('B8: the echo of one request is no impatience where the clock went forward', () => {
  const { stop, onImpatience, request } = listen();
  using _ = stop;
  request();
  vi.setSystemTime(Date.now() + 3_600_000);
  request();
  expect(onImpatience).not.toHaveBeenCalled();
});
