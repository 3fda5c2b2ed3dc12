import { fileURLToPath } from 'node:url';
import { GetUserRequestSchema, UserService, UserView } from '@rollcall/contract/user';
import type { BenchCase, BenchContext, Measured } from '../../harness/bench-case.ts';
import { compare } from '../../harness/compare.ts';
import { startProcess } from '../../world/start-services.ts';
import { openLoad, type Prepared, requestBytes } from './load.ts';

const BARE_SERVER = fileURLToPath(new URL('bare-server.ts', import.meta.url));

/** Users that are read in turn. */
export const GET_USERS = 20_000;
/** Calls at the same time. */
export const GETS_IN_FLIGHT = 128;

/**
 * Compares GetUser of an auth process with these settings to a bare grpc-js server that answers from a Map.
 */
async function compareGets(
  { world, rounds }: BenchContext,
  env: Readonly<Record<string, string>>,
  figure: number,
): Promise<Measured> {
  const ids = await world.users(GET_USERS);
  const url = (await world.postgres()).databaseUrl('auth');
  await using stack = new AsyncDisposableStack();
  const auth = stack.use(await world.startAuth(env));
  const bare = stack.use(await startProcess(BARE_SERVER, { args: [url, world.tenantId] }));
  const [ours, peer] = [
    stack.use(await openLoad(auth.address, UserService.method.getUser, GETS_IN_FLIGHT)),
    stack.use(await openLoad(bare.address, UserService.method.getUser, GETS_IN_FLIGHT)),
  ];
  const requests = getRequests(world.tenantId, ids);
  return await compare({
    ours: { name: 'GetUser', measure: () => ours.play(requests) },
    peers: [{ name: 'bare grpc-js, a Map', measure: () => peer.play(requests) }],
    unit: 'gets/s',
    target: { of: 'ratio', bound: 'at least', figure },
    rounds,
    warmUps: 3,
  });
}

/** Cost of a service's own work, beside the gRPC library that carries it. */
export const getWarm: BenchCase = {
  name: 'get-warm',
  doc: 'GetUser of users in the cache of the service, against a bare grpc-js server that answers from a Map',
  run: (context) => compareGets(context, {}, 0.85),
};

/** Cost of GetUser without the service's cache. */
export const getPostgres: BenchCase = {
  name: 'get-postgres',
  doc: 'GetUser with every read from Postgres, against a bare grpc-js server that answers from a Map',
  run: (context) => compareGets(context, { AUTH_CACHED_USERS: '0' }, 0.5),
};

/**
 * Prepares a GetUser for each id. An answer is right when it contains the id. `view` is REFERENCE by default.
 */
export function getRequests(
  tenantId: string,
  ids: readonly string[],
  view: UserView = UserView.REFERENCE,
): Prepared[] {
  return ids.map((id) => ({
    bytes: requestBytes(GetUserRequestSchema, { tenantId, id, view }),
    check: (answer) => {
      if (!answer.includes(id)) throw new Error(`asked for user ${id}, who is not in the answer`);
    },
  }));
}
