import { UpdateUserRequestSchema, UserAdminService } from '@rollcall/contract/user';
import pg from 'pg';
import type { BenchCase } from '../../harness/bench-case.ts';
import { compare, perSecond } from '../../harness/compare.ts';
import { startAuth } from '../../world/start-services.ts';
import { openLoad, type Prepared, requestBytes } from './load.ts';

const USERS = 20_000;
const UPDATES = 4_000;
const IN_FLIGHT = 64;
/** Database connections of the peer, and of the service for its writes. */
const CONNECTIONS = 10;

const UPDATE = {
  name: 'update',
  text: `update users set display_name = $3, version = version + 1, update_time = now() where tenant_id = $1 and id = $2`,
};

/**
 * Cost of a version, a change in the feed and an answer, beside the write itself. Both sides wait for the
 * disk.
 */
export const update: BenchCase = {
  name: 'update',
  doc: 'UpdateUser with its change in the feed, against one bare UPDATE per transaction in node pg; fsync on for both',
  async run({ world, rounds }) {
    const { tenantId } = world;
    const { postgres, ids } = await world.durableUsers(USERS);
    await using stack = new AsyncDisposableStack();
    const url = postgres.databaseUrl('auth');
    const auth = stack.use(await startAuth(url, { AUTH_DATABASE_CONNECTIONS: String(CONNECTIONS) }));
    const load = stack.use(await openLoad(auth.address, UserAdminService.method.updateUser, IN_FLIGHT));
    const pool = stack.adopt(new pg.Pool({ connectionString: url, max: CONNECTIONS }), (each) => each.end());
    const chosen = (round: number) =>
      Array.from({ length: UPDATES }, (_, i) => ids[(round * UPDATES + i) % USERS] as string);
    const updateAll = (round: number) => {
      const all = chosen(round);
      let at = 0;
      const writer = async () => {
        for (let id = all[at++]; id; id = all[at++]) {
          const { rowCount } = await pool.query({ ...UPDATE, values: [tenantId, id, `Peer ${round}`] });
          if (rowCount !== 1) throw new Error(`user ${id} was not found`);
        }
      };
      return Promise.all(Array.from({ length: IN_FLIGHT }, writer));
    };
    return await compare({
      ours: {
        name: 'UpdateUser',
        measure: (round) =>
          load.play(chosen(round).map((id) => updateRequest(tenantId, id, `Ours ${round}`))),
      },
      peers: [{ name: 'bare UPDATE', measure: (round) => perSecond(UPDATES, () => updateAll(round)) }],
      unit: 'updates/s',
      target: { of: 'ratio', bound: 'at least', figure: 0.4 },
      rounds,
      warmUps: 2,
    });
  },
};

function updateRequest(tenantId: string, id: string, displayName: string): Prepared {
  return {
    bytes: requestBytes(UpdateUserRequestSchema, {
      tenantId,
      user: { id, displayName },
      updateMask: { paths: ['display_name'] },
    }),
    check: (answer) => {
      if (!answer.includes(id) || !answer.includes(displayName))
        throw new Error(`user ${id} was not changed`);
    },
  };
}
