import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { createClient } from '@connectrpc/connect';
import { createGrpcTransport, Http2SessionManager } from '@connectrpc/connect-node';
import { Client, credentials } from '@grpc/grpc-js';
import { GetUserRequestSchema, GetUserResponseSchema, UserService, UserView } from '@rollcall/contract/user';
import type { User } from '@rollcall/user-client';
import type { BenchCase, BenchContext, Measured } from '../../harness/bench-case.ts';
import { compare, perSecond } from '../../harness/compare.ts';
import { openClient, TIMEOUT_MS } from './open-client.ts';

/** Callers at the same time. */
const CALLERS = 512;
const GETS_PER_CALLER = 10;
const GETS = CALLERS * GETS_PER_CALLER;
const USERS = 100_000;
const WARM_UPS = 2;

/** A client that sends one call for each user. */
interface UnaryPeer {
  readonly name: string;
  get(id: string): Promise<User | undefined>;
}

/** Measures callers that ask for users that no client has read before. */
async function compareCoalesced(
  { world, rounds }: BenchContext,
  peer: UnaryPeer,
  figure: number,
): Promise<Measured> {
  const ids = await world.users(USERS);
  await using client = await openClient(world, { maxEntries: GETS });
  // No user is asked for twice: the service caches users, and a second read would skip the database. Rounds
  // that need more users than there are start again with users that were evicted long ago.
  let asked = 0;
  const measure = (get: UnaryPeer['get']) => () => {
    const from = asked;
    asked += GETS;
    return perSecond(GETS, () => play(get, from));
  };
  const play = (get: UnaryPeer['get'], from: number) => {
    const caller = async (_: unknown, n: number) => {
      for (let k = 0; k < GETS_PER_CALLER; k++) {
        const id = ids[(from + k * CALLERS + n) % USERS] as string;
        const user = await get(id);
        if (user?.id !== id) throw new Error(`asked for user ${id}, answered ${user?.id}`);
      }
    };
    return Promise.all(Array.from({ length: CALLERS }, caller));
  };
  return await compare({
    ours: { name: 'getUser', measure: measure((id) => client.getUser(id)) },
    peers: [{ name: peer.name, measure: measure(peer.get) }],
    unit: 'gets/s',
    target: { of: 'ratio', bound: 'at least', figure },
    rounds,
    warmUps: WARM_UPS,
  });
}

/** Coalesced gets against connect-node, which speaks gRPC here because its own protocol is slower. */
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

const PATH = `/${UserService.typeName}/GetUser`;

/** Coalesced gets against grpc-js without any coalescing. */
export const coalescedGrpcJs: BenchCase = {
  name: 'coalesced-grpc-js',
  doc: `${CALLERS} callers of distinct unknown users, against plain grpc-js calling GetUser`,
  async run(context) {
    const { address } = await context.world.auth();
    const client = new Client(address, credentials.createInsecure());
    try {
      const { tenantId } = context.world;
      const get = (id: string) => getUser(client, tenantId, id);
      return await compareCoalesced(context, { name: 'grpc-js GetUser', get }, 5);
    } finally {
      client.close();
    }
  },
};

function getUser(client: Client, tenantId: string, id: string): Promise<User | undefined> {
  const request = create(GetUserRequestSchema, { tenantId, id, view: UserView.REFERENCE });
  return new Promise((resolve, reject) => {
    client.makeUnaryRequest(
      PATH,
      (message: typeof request) => Buffer.from(toBinary(GetUserRequestSchema, message)),
      (bytes: Buffer) => fromBinary(GetUserResponseSchema, bytes),
      request,
      { deadline: Date.now() + TIMEOUT_MS },
      (error, answer) => (error ? reject(error) : resolve(answer?.user)),
    );
  });
}
