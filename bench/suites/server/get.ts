import { fileURLToPath } from 'node:url';
import { UserService } from '@rollcall/contract/user';
import type { BenchContext, Measured } from '../../harness/bench-case.ts';
import { compare } from '../../harness/compare.ts';
import { startProcess } from '../../world/start-auth.ts';
import { GET_USERS, GETS_IN_FLIGHT, getRequests } from './get-requests.ts';
import { openLoad } from './load.ts';

const BARE_SERVER = fileURLToPath(new URL('bare-server.ts', import.meta.url));

/** GetUser of an auth process with these settings, against a bare grpc-js server that answers from a Map. */
export async function compareGets(
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
