import type { Pool } from '@rollcall/runtime/postgres';
import type { UserOfTenant } from './user-jobs.ts';

/**
 * A revision above all that were taken for this user before. Figures that are read after it was taken hold everything that an
 * earlier revision told of. It follows the clock, so that a database that was set back to a backup is not behind the owner.
 */
export async function takeRevision(pool: Pool, { tenantId, userId }: UserOfTenant): Promise<bigint> {
  const { rows } = await pool.query<{ revision: string }>({ ...TAKE, values: [tenantId, userId] });
  return BigInt(rows[0]?.revision ?? 0);
}

const NOW = `(extract(epoch from clock_timestamp()) * 1000)::bigint`;

const TAKE = {
  name: 'told-revisions-take',
  text: `insert into told_statistics as told (tenant_id, user_id, revision) values ($1, $2, ${NOW})
    on conflict (tenant_id, user_id) do update set revision = greatest(told.revision + 1, excluded.revision)
    returning revision::text`,
};
