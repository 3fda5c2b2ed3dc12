import type { RunPrepared } from '@rollcall/runtime/postgres';

/**
 * Selects a row where user $2 of tenant $1 is not erased, and keeps it so until the transaction ends: nothing of a person may be
 * written behind an erasure that is at work.
 */
export const PERSON = `select 1 from users where tenant_id = $1::text and id = $2::uuid and erase_time is null for key share`;

const ACTIVE = {
  name: 'people_hold_active',
  text: `select 1 from users where tenant_id = $1 and id = $2 and state = 'ACTIVE' and merged_into is null
    for key share`,
};

/**
 * Whether a user is active. The first statement of every transaction about a user's sign-in, before any other row is locked: an
 * erasure goes the same way.
 */
export async function holdActive(run: RunPrepared, tenantId: string, userId: string): Promise<boolean> {
  return (await run(ACTIVE, [tenantId, userId])).length > 0;
}
