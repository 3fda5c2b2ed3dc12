import { create } from '@bufbuild/protobuf';
import { Code, ConnectError, createClient, createRouterTransport } from '@connectrpc/connect';
import { GetUserResponseSchema, UserService } from '@rollcall/contract/user';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { remainingMs, withDeadline } from './call-deadline.ts';
import { isCallNotSent } from './call-errors.ts';
import { type CallerToken, withCallerToken } from './caller-token.ts';

const jwt = (name: string, expiresAtMs: number) =>
  `${name}.${Buffer.from(JSON.stringify({ exp: expiresAtMs / 1000 })).toString('base64url')}.s`;

// The tokens that the service received, and a clock that the test moves.
function openClient(source: (nowMs: number) => string | Promise<string>) {
  const clock = { nowMs: 1_000_000 };
  const seen: string[] = [];
  const refused = new Set<string>();
  const token: CallerToken = () => source(clock.nowMs);
  const transport = createRouterTransport(
    ({ rpc }) =>
      rpc(UserService.method.getUser, (_, { requestHeader }) => {
        const name = (requestHeader.get('authorization') ?? '').split('.')[0] ?? '';
        seen.push(name);
        if (refused.has(name)) throw new ConnectError('who?', Code.Unauthenticated);
        return create(GetUserResponseSchema);
      }),
    { transport: { interceptors: [withCallerToken(token, () => clock.nowMs)] } },
  );
  return { clock, seen, refused, call: () => createClient(UserService, transport).getUser({}) };
}

afterEach(() => vi.useRealTimers());

describe('withCallerToken', () => {
  it('reuses a token and fetches the next one in the background before it expires', async () => {
    let made = 0;
    const { clock, seen, call } = openClient((nowMs) => jwt(`t${++made}`, nowMs + 100_000));
    await Promise.all([call(), call()]);
    clock.nowMs += 79_000;
    await call();
    clock.nowMs += 2_000;
    await call();
    await call();
    expect(seen).toEqual(['Bearer t1', 'Bearer t1', 'Bearer t1', 'Bearer t1', 'Bearer t2']);
  });

  it('keeps the current token while the fetch fails, and fails once it has expired', async () => {
    let away = false;
    const { clock, seen, call } = openClient((nowMs) => {
      if (away) throw new Error('the issuer is away');
      return jwt('t', nowMs + 100_000);
    });
    await call();
    away = true;
    clock.nowMs += 90_000;
    await call();
    expect(seen).toHaveLength(2);
    clock.nowMs += 20_000;
    const error = await call().catch((reason: unknown) => reason);
    expect(error).toMatchObject({
      code: Code.Unavailable,
      rawMessage: expect.stringMatching(/issuer is away$/),
    });
    expect(isCallNotSent(error)).toBe(true);
    expect(seen).toHaveLength(2);
  });

  it('B8: fetches a token when the clock went back to before the current one began', async () => {
    let made = 0;
    const { clock, seen, call } = openClient((nowMs) => jwt(`t${++made}`, nowMs + 100_000));
    await call();
    clock.nowMs -= 4_000;
    await call();
    clock.nowMs -= 2_000;
    await call();
    await call();
    expect(seen).toEqual(['Bearer t1', 'Bearer t1', 'Bearer t2', 'Bearer t2']);
  });

  it('B8: fetches the next token in time when the clock went back a little', async () => {
    vi.useFakeTimers({ toFake: ['performance'] });
    let made = 0;
    const { clock, seen, call } = openClient((nowMs) => jwt(`t${++made}`, nowMs + 100_000));
    await call();
    vi.advanceTimersByTime(101_000);
    clock.nowMs += 10_000;
    await call();
    expect(seen).toEqual(['Bearer t1', 'Bearer t2']);
  });

  it('drops a token that the service refuses', async () => {
    let made = 0;
    const { seen, refused, call } = openClient((nowMs) => jwt(`t${++made}`, nowMs + 100_000));
    refused.add('Bearer t1');
    await expect(call()).rejects.toMatchObject({ code: Code.Unauthenticated });
    await call();
    expect(seen).toEqual(['Bearer t1', 'Bearer t2']);
  });

  it('fetches a token without an expiry for each call', async () => {
    let made = 0;
    const { seen, call } = openClient(() => `opaque${++made}`);
    await call();
    await call();
    expect(seen).toEqual(['Bearer opaque1', 'Bearer opaque2']);
  });

  it('does not send an unusable token, nor show it in the error', async () => {
    const { seen, call } = openClient(() => 'se cret');
    const error = await call().catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: Code.InvalidArgument });
    expect(String(error)).not.toContain('cret');
    expect(isCallNotSent(error)).toBe(true);
    expect(seen).toEqual([]);
  });

  it('stops waiting for a token that does not come, and fetches again for the next call', async () => {
    vi.useFakeTimers();
    let asked = 0;
    const { seen, call } = openClient(() => (++asked === 1 ? new Promise<never>(() => {}) : 'opaque'));
    const calls = Promise.allSettled([call(), call()]);
    await vi.advanceTimersByTimeAsync(5_000);
    for (const { status, ...ended } of await calls) {
      expect(status).toBe('rejected');
      expect(ended).toMatchObject({ reason: { code: Code.Unavailable } });
    }
    expect(asked).toBe(1);
    await call();
    expect(seen).toEqual(['Bearer opaque']);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('fetches outside of the deadline of the first call, because other calls wait too', async () => {
    const remaining: (number | undefined)[] = [];
    const { call } = openClient(() => {
      remaining.push(remainingMs());
      return 'opaque';
    });
    await withDeadline(60_000, call);
    expect(remaining).toEqual([undefined]);
  });

  it.each<[unknown, string]>([
    ['', "gave ''"],
    [undefined, 'gave undefined'],
    [{ token: 'se cret' }, 'gave an object'],
  ])('names an unusable value: %j', async (given, shown) => {
    const { seen, call } = openClient(() => given as string);
    const error = await call().catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: Code.InvalidArgument, rawMessage: expect.stringContaining(shown) });
    expect(seen).toEqual([]);
  });

  it('distinguishes a missing token from a service that is down', async () => {
    const { refused, call } = openClient(() => 'opaque');
    refused.add('Bearer opaque');
    const error = await call().catch((reason: unknown) => reason);
    expect(isCallNotSent(error)).toBe(false);
  });
});
