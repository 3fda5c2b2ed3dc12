import { fromBinary } from '@bufbuild/protobuf';
import {
  BatchGetUsersRequestSchema,
  BatchGetUsersResponseSchema,
  type User,
  UserService,
  UserView,
} from '@rollcall/contract/user';
import pg from 'pg';
import type { BenchCase } from '../../harness/bench-case.ts';
import { compare, perSecond } from '../../harness/compare.ts';
import { openLoad, type Prepared, requestBytes } from './load.ts';
import { toUser } from './to-user.ts';

const USERS = 20_000;
const PER_BATCH = 100;
const BATCHES = 400;
const IN_FLIGHT = 8;

const READ = {
  name: 'batch',
  text: `select tenant_id, id, version, state, role, first_name, last_name, display_name, profile_image, business_name,
    create_time, update_time, delete_time from users where tenant_id = $1 and id = any($2::uuid[])`,
};

/** Cost of a batch through the service, against a query in the same process. */
export const batchPostgres: BenchCase = {
  name: 'batch-postgres',
  doc: `BatchGetUsers of ${PER_BATCH}, every read from Postgres, against node pg reading them in process`,
  async run({ world, rounds }) {
    const { tenantId } = world;
    const all = await world.users(USERS);
    const batches = Array.from({ length: BATCHES }, (_, n) =>
      Array.from({ length: PER_BATCH }, (_, i) => all[(n * 7919 + i * 127) % USERS] as string),
    );
    await using stack = new AsyncDisposableStack();
    const auth = stack.use(await world.startAuth({ AUTH_CACHED_USERS: '0' }));
    const load = stack.use(await openLoad(auth.address, UserService.method.batchGetUsers, IN_FLIGHT));
    const connectionString = (await world.postgres()).databaseUrl('auth');
    const pool = stack.adopt(new pg.Pool({ connectionString, max: IN_FLIGHT }), (each) => each.end());
    const requests = batches.map((ids) => batchRequest(tenantId, ids));
    const readAll = () => {
      let at = 0;
      const reader = async () => {
        for (let ids = batches[at++]; ids; ids = batches[at++]) check(ids, await read(pool, tenantId, ids));
      };
      return Promise.all(Array.from({ length: IN_FLIGHT }, reader));
    };
    return await compare({
      ours: { name: 'BatchGetUsers', measure: () => load.play(requests) },
      peers: [{ name: 'node pg, = any($1)', measure: () => perSecond(BATCHES, readAll) }],
      unit: 'batches/s',
      target: { of: 'ratio', bound: 'at least', figure: 0.5 },
      rounds,
      warmUps: 3,
    });
  },
};

// Our answers are decoded, so that both sides end with equal objects.
function batchRequest(tenantId: string, ids: readonly string[]): Prepared {
  return {
    bytes: requestBytes(BatchGetUsersRequestSchema, { tenantId, ids: [...ids], view: UserView.REFERENCE }),
    check: (answer) => {
      const { outcomes } = fromBinary(BatchGetUsersResponseSchema, answer);
      const users = outcomes.map(({ outcome }) => (outcome.case === 'user' ? outcome.value : undefined));
      check(ids, users);
    },
  };
}

async function read(pool: pg.Pool, tenantId: string, ids: readonly string[]): Promise<(User | undefined)[]> {
  const { rows } = await pool.query({ ...READ, values: [tenantId, ids] });
  const byId = new Map(rows.map((row) => [row.id as string, toUser(row)]));
  return ids.map((id) => byId.get(id));
}

function check(ids: readonly string[], users: readonly (User | undefined)[]): void {
  const wrong = ids.findIndex((id, i) => users[i]?.id !== id);
  if (wrong >= 0) throw new Error(`asked for user ${ids[wrong]}, answered ${users[wrong]?.id}`);
}
