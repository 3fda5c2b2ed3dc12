import pg from 'pg';
import type { World } from '../../world/world.ts';

/** When the last change of each user was committed, in ms since 1970, as Postgres itself noted it. */
export async function readCommitTimes(
  world: World,
  ids: readonly string[],
): Promise<ReadonlyMap<string, number>> {
  const client = new pg.Client({ connectionString: (await world.postgres()).databaseUrl('auth') });
  await client.connect();
  try {
    const { rows } = await client.query<{ id: string; ms: number }>(
      `select id, (extract(epoch from pg_xact_commit_timestamp(xmin)) * 1000)::float8 as ms
       from users where tenant_id = $1 and id = any($2::uuid[])`,
      [world.tenantId, ids],
    );
    return new Map(rows.map(({ id, ms }) => [id, ms]));
  } finally {
    await client.end();
  }
}
