import { randomUUID } from 'node:crypto';
import { Code, ConnectError } from '@connectrpc/connect';
import { UserService, UserView } from '@rollcall/contract/user';
import { createGrpcTransport } from '@rollcall/transport';
import { describe, expect, it } from 'vitest';
import {
  AnswerMalformedError,
  BreakerOpenError,
  degradedReason,
  isOutage,
  VersionNotReachedError,
} from './judge.ts';
import { createRemoteUserReader } from './remote-user-reader.ts';
import { createFakeUserService } from './testing/index.ts';
import { refusal } from './testing/map-user-service.ts';

describe('isOutage', () => {
  it.each([
    ['the service is away', new ConnectError('', Code.Unavailable), 'service_unavailable'],
    ['no answer came in time', new ConnectError('', Code.DeadlineExceeded), 'deadline_exceeded'],
    ['the service failed inside', refusal(Code.Internal, 'INTERNAL', ''), 'service_fault'],
    ['the service is ending', refusal(Code.Unavailable, 'DRAINING', ''), 'service_unavailable'],
    ['the caller is over its limit', refusal(Code.ResourceExhausted, 'RATE_LIMITED', ''), 'rate_limited'],
    ['the breaker is open', new BreakerOpenError(), 'breaker_open'],
    ['the answer does not fit the question', new AnswerMalformedError(''), 'service_fault'],
    ['the code is of the future', new ConnectError('', 99 as Code), 'service_fault'],
  ])('is so where %s', (_, error, reason) => {
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
  ])('is not so where %s', (_, error) => {
    expect(isOutage(error)).toBe(false);
    expect(degradedReason(error)).toBeUndefined();
  });

  it('is not so where a version is not reached, though the answer is unavailable', () => {
    for (const error of [
      refusal(Code.Unavailable, 'VERSION_NOT_REACHED', ''),
      new VersionNotReachedError('u', 2n),
    ]) {
      expect(isOutage(error)).toBe(false);
      expect(degradedReason(error)).toBe('version_not_reached');
    }
  });

  it('is not so where the request cannot be written, however it was to travel', async () => {
    await using fake = createFakeUserService();
    await using far = createGrpcTransport(await fake.listen());
    const scope = { tenantId: 'acme', view: UserView.BASIC };
    const reads = [{ id: randomUUID(), minVersion: 2n ** 63n }];
    for (const transport of [far, fake.transport]) {
      const reader = createRemoteUserReader(transport, () => 0);
      const error = await reader.readMany(scope, reads, { deadlineAtMs: 1_000 }).catch(ConnectError.from);
      expect(error).toMatchObject({ code: Code.Internal });
      expect(isOutage(error)).toBe(false);
      expect(degradedReason(error)).toBeUndefined();
    }
    expect(fake.requests(UserService.method.batchGetUsers)).toEqual([]);
  });

  it('goes by the code where the reason is of the future', () => {
    expect(degradedReason(refusal(Code.Unavailable, 'NEW_ONE' as 'INTERNAL', ''))).toBe(
      'service_unavailable',
    );
  });
});
