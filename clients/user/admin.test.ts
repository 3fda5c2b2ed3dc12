import { Code, ConnectError } from '@connectrpc/connect';
import { UserAdminService } from '@rollcall/contract/user';
import { startGrpcTestServer } from '@rollcall/transport/testing';
import { describe, expect, it } from 'vitest';
import { createUserAdminClient } from './admin.ts';

describe('createUserAdminClient', () => {
  it('changes users, sends writes once and repeats lists while the service is unavailable', async () => {
    const calls: string[] = [];
    await using server = await startGrpcTestServer(UserAdminService, {
      createUser({ requestId }) {
        calls.push(`create ${requestId}`);
        throw new ConnectError('draining', Code.Unavailable);
      },
      listUsers() {
        calls.push('list');
        if (calls.length < 3) throw new ConnectError('draining', Code.Unavailable);
        return { nextPageToken: 'end' };
      },
    });
    using admin = createUserAdminClient({ address: server.address });
    await expect(admin.createUser({ requestId: 'r1' })).rejects.toMatchObject({ code: Code.Unavailable });
    expect((await admin.listUsers({})).nextPageToken).toBe('end');
    expect(calls).toEqual(['create r1', 'list', 'list']);
  });
});
