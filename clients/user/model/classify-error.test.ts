import { Code, ConnectError, createClient } from '@connectrpc/connect';
import { UserService } from '@rollcall/contract/user';
import { createGrpcTransport, type GrpcTransportOptions } from '@rollcall/transport';
import { describe, expect, it } from 'vitest';
import { refusal } from '../testing/map-user-service.ts';
import {
  AnswerMalformedError,
  BreakerOpenError,
  degradedReason,
  isOutage,
  VersionNotReachedError,
} from './classify-error.ts';

describe('isOutage', () => {
  it.each([
    ['the service is away', new ConnectError('', Code.Unavailable), 'service_unavailable'],
    ['no answer came in time', new ConnectError('', Code.DeadlineExceeded), 'deadline_exceeded'],
    ['the service failed inside', refusal(Code.Internal, 'INTERNAL', ''), 'service_fault'],
    ['the service is ending', refusal(Code.Unavailable, 'DRAINING', ''), 'service_unavailable'],
    ['the caller is over its limit', refusal(Code.ResourceExhausted, 'RATE_LIMITED', ''), 'rate_limited'],
    ['the breaker is open', new BreakerOpenError(), 'breaker_open'],
    ['the answer does not fit the question', new AnswerMalformedError(''), 'service_fault'],
    [
      'the reason is what every object inherits',
      refusal(Code.Unavailable, 'constructor' as never, ''),
      'service_unavailable',
    ],
    ['the code is of the future', new ConnectError('', 99 as Code), 'service_fault'],
  ])('is true where %s', (_, error, reason) => {
    expect(isOutage(error)).toBe(true);
    expect(degradedReason(error)).toBe(reason);
  });

  it.each([
    ['the call is at fault', refusal(Code.InvalidArgument, 'FIELD_INVALID', '')],
    ['nothing is granted', refusal(Code.PermissionDenied, 'NOT_GRANTED', '')],
    ['the user is missing', refusal(Code.NotFound, 'USER_NOT_FOUND', '')],
    ['the message is too large', new ConnectError('', Code.ResourceExhausted)],
    ['the caller gave up', new ConnectError('', Code.Canceled)],
    ['the error is not about the service', new TypeError('')],
    ['nothing is known', undefined],
  ])('is false where %s', (_, error) => {
    expect(isOutage(error)).toBe(false);
    expect(degradedReason(error)).toBeUndefined();
  });

  it('is false where a version is not reached, though the answer is unavailable', () => {
    for (const error of [
      refusal(Code.Unavailable, 'VERSION_NOT_REACHED', ''),
      new VersionNotReachedError('u', 2n),
    ]) {
      expect(isOutage(error)).toBe(false);
      expect(degradedReason(error)).toBe('version_not_reached');
    }
  });

  it('is false where a call was not sent, and only a passing cause makes the answer unavailable', async () => {
    const unwritten = await failedCall({});
    const tokenless = await failedCall({ callerToken: () => Promise.reject(new Error('no issuer')) });
    const misconfigured = await failedCall({ callerToken: () => '' });
    for (const error of [unwritten, tokenless, misconfigured]) expect(isOutage(error)).toBe(false);
    expect([unwritten, tokenless, misconfigured].map(degradedReason)).toEqual([
      undefined,
      'service_unavailable',
      undefined,
    ]);
  });

  it('follows the code where the reason is of a later contract', () => {
    expect(degradedReason(refusal(Code.Unavailable, 'NEW_ONE' as 'INTERNAL', ''))).toBe(
      'service_unavailable',
    );
  });
});

/** The error of a call that cannot be written, and so needs no server. */
async function failedCall(options: Partial<GrpcTransportOptions>): Promise<unknown> {
  using transport = createGrpcTransport({ address: '127.0.0.1:1', ...options });
  const users = createClient(UserService, transport);
  return await users.batchGetUsers({ minVersions: { u: 2n ** 63n } }).catch((error: unknown) => error);
}
