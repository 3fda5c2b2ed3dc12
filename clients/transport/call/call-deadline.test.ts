import { setTimeout as sleep } from 'node:timers/promises';
import { Code, createClient } from '@connectrpc/connect';
import { UserService } from '@rollcall/contract/user';
import { describe, expect, it } from 'vitest';
import { createGrpcTransport, remainingMs, withDeadline, withoutDeadline } from '../index.ts';
import { startGrpcTestServer } from '../testing/index.ts';

describe('withDeadline', () => {
  it('tells what is left, also behind timers and promises, and nothing outside', async () => {
    expect(remainingMs()).toBeUndefined();
    await withDeadline(60_000, async () => {
      await sleep(20);
      expect(remainingMs()).toBeLessThan(59_990);
      expect(remainingMs()).toBeGreaterThan(0);
    });
    expect(remainingMs()).toBeUndefined();
  });

  it('lets the earlier deadline hold, whichever is the outer one', () => {
    withDeadline(60_000, () => {
      withDeadline(1_000_000, () => expect(remainingMs()).toBeLessThanOrEqual(60_000));
      withDeadline(10, () => expect(remainingMs()).toBeLessThanOrEqual(10));
      withDeadline(undefined, () => expect(remainingMs()).toBeGreaterThan(50_000));
      withoutDeadline(() => expect(remainingMs()).toBeUndefined());
    });
  });

  it('answers what the work answers', () => {
    expect(withDeadline(1, () => 'done')).toBe('done');
    expect(() =>
      withDeadline(1, () => {
        throw new Error('work');
      }),
    ).toThrow('work');
  });

  it('bounds every unary call in it, however long that call would wait', async () => {
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
