import { Code, ConnectError } from '@connectrpc/connect';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type Breaker, type BreakerOptions, createBreaker } from './breaker.ts';
import { BreakerOpenError } from './judge.ts';

const away = () => Promise.reject(new ConnectError('away', Code.Unavailable));
const refused = () => Promise.reject(new ConnectError('no', Code.PermissionDenied));
const well = () => Promise.resolve('well');

let breaker: Breaker;
beforeEach(() => {
  vi.useFakeTimers();
  breaker = create();
});
afterEach(() => {
  breaker.close();
  vi.useRealTimers();
});

function create(options: BreakerOptions = {}): Breaker {
  return createBreaker({ volumeThreshold: 4, resetTimeoutMs: 1_000, ...options });
}

async function fail(times: number): Promise<void> {
  for (let i = 0; i < times; i++) await expect(breaker.run(away)).rejects.toThrow('away');
}

describe('createBreaker', () => {
  it('opens when most calls of enough calls are outages, and then asks no more', async () => {
    await fail(3);
    expect(breaker.state).toBe('closed');
    await fail(1);
    expect(breaker.state).toBe('open');
    let calls = 0;
    await expect(breaker.run(async () => calls++)).rejects.toThrow(BreakerOpenError);
    expect(calls).toBe(0);
  });

  it('stays closed while the service refuses, however often', async () => {
    for (let i = 0; i < 50; i++) await expect(breaker.run(refused)).rejects.toThrow('no');
    expect(breaker.state).toBe('closed');
  });

  it('has no timeout of its own', async () => {
    const slow = breaker.run(() => new Promise((resolve) => setTimeout(resolve, 60_000, 'late')));
    await vi.advanceTimersByTimeAsync(60_000);
    expect(await slow).toBe('late');
  });

  it('lets one call pass when half-open, and closes when it goes well', async () => {
    await fail(4);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(breaker.state).toBe('half-open');
    const probe = breaker.run(() => new Promise((resolve) => setTimeout(resolve, 10, 'well')));
    await expect(breaker.run(well)).rejects.toThrow(BreakerOpenError);
    await vi.advanceTimersByTimeAsync(10);
    expect(await probe).toBe('well');
    expect(breaker.state).toBe('closed');
  });

  it('opens again when the probe fails', async () => {
    await fail(4);
    await vi.advanceTimersByTimeAsync(1_000);
    await fail(1);
    expect(breaker.state).toBe('open');
  });

  it('learns nothing from a probe that was canceled', async () => {
    await fail(4);
    await vi.advanceTimersByTimeAsync(1_000);
    await expect(breaker.run(() => Promise.reject(new ConnectError('gone', Code.Canceled)))).rejects.toThrow(
      'gone',
    );
    expect(breaker.state).toBe('open');
  });

  it('does not let calls that it turned away hide the next outage', async () => {
    await fail(4);
    for (let i = 0; i < 1_000; i++) await expect(breaker.run(well)).rejects.toThrow(BreakerOpenError);
    await vi.advanceTimersByTimeAsync(1_000);
    await breaker.run(well);
    expect(breaker.state).toBe('closed');
    for (let i = 0; i < 4 && breaker.state === 'closed'; i++) await fail(1);
    expect(breaker.state).toBe('open');
  });

  it('leaves the options alone that it is given', () => {
    const options = Object.freeze({ volumeThreshold: 5 });
    createBreaker(options).close();
    expect(options).toEqual({ volumeThreshold: 5 });
  });

  it('turns every call away when closed for good', async () => {
    breaker.close();
    await expect(breaker.run(well)).rejects.toThrow(BreakerOpenError);
  });
});
