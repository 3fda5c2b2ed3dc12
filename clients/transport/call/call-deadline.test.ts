import { setTimeout as sleep } from 'node:timers/promises';
import { Code, createClient } from '@connectrpc/connect';
import { UserService } from '@rollcall/contract/user';
import { describe, expect, it } from 'vitest';
import { createGrpcTransport, remainingMs, withDeadline, withoutDeadline } from '../index.ts';
import { startGrpcTestServer } from '../testing/index.ts';

describe('withDeadline', () => {
  it('returns the time left, also after timers and promises, and nothing outside', async () => {
    expect(remainingMs()).toBeUndefined();
    await withDeadline(60_000, async () => {
      await sleep(20);
      expect(remainingMs()).toBeLessThan(59_990);
      expect(remainingMs()).toBeGreaterThan(0);
    });
    expect(remainingMs()).toBeUndefined();
  });

  it('applies the earlier deadline, inner or outer', () => {
    withDeadline(60_000, () => {
      withDeadline(1_000_000, () => expect(remainingMs()).toBeLessThanOrEqual(60_000));
      withDeadline(10, () => expect(remainingMs()).toBeLessThanOrEqual(10));
      withDeadline(undefined, () => expect(remainingMs()).toBeGreaterThan(50_000));
      withoutDeadline(() => expect(remainingMs()).toBeUndefined());
    });
  });

  it('returns the result of the work', () => {
    expect(withDeadline(1, () => 'done')).toBe('done');
    expect(() =>
      withDeadline(1, () => {
        throw new Error('work');
      }),
    ).toThrow('work');
  });

  it('bounds every unary call in it', async () => {
    let calls = 0;
    await using server = await startGrpcTestServer(UserService, {
      getUser: () => {
        calls += 1;
        return new Promise<never>(() => {});
      },
    });
    using transport = createGrpcTransport({ address: server.address, defaultTimeoutMs: 600_000 });
    const users = createClient(UserService, transport);
    const code = (timeoutMs?: number) =>
      users.getUser({}, timeoutMs === undefined ? {} : { timeoutMs }).then(
        () => 'answered',
        (error) => Code[error.code],
      );
    expect(await withDeadline(100, () => Promise.all([code(), code(600_000)]))).toEqual([
      'DeadlineExceeded',
      'DeadlineExceeded',
    ]);
    expect(calls).toBe(2);
    expect(await withDeadline(0, () => code())).toBe('DeadlineExceeded');
    expect(calls).toBe(2);
  });
});
