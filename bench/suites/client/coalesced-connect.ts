import { createClient } from '@connectrpc/connect';
import { createGrpcTransport, Http2SessionManager } from '@connectrpc/connect-node';
import { UserService, UserView } from '@rollcall/contract/user';
import type { BenchCase } from '../../harness/bench-case.ts';
import { CALLERS, compareCoalesced } from './coalesced.ts';
import { TIMEOUT_MS } from './open-client.ts';

/** The same against connect-node, which speaks gRPC to the same door: its own protocol's door is slower. */
export const coalescedConnect: BenchCase = {
  name: 'coalesced-connect',
  doc: `${CALLERS} callers of distinct unknown users, against a connect-node client calling GetUser`,
  async run(context) {
    const baseUrl = `http://${(await context.world.auth()).address}`;
    const sessionManager = new Http2SessionManager(baseUrl);
    try {
      const transport = createGrpcTransport({
        baseUrl,
        sessionManager,
        acceptCompression: [],
        defaultTimeoutMs: TIMEOUT_MS,
      });
      const users = createClient(UserService, transport);
      const { tenantId } = context.world;
      const get = async (id: string) =>
        (await users.getUser({ tenantId, id, view: UserView.REFERENCE })).user;
      return await compareCoalesced(context, { name: 'connect-node GetUser', get }, 8);
    } finally {
      sessionManager.abort();
    }
  },
};
