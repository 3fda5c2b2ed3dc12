import type { RunPrepared } from '@rollcall/runtime/postgres';
import type { ProfileJson, User } from '../users/user.ts';
import type { UserTransaction, WriteRequest } from '../users/user-writes.ts';
import type { ContactSeal } from './contact-seal.ts';
import { type SelectedRow, selectOf, userFromRow } from './user-from-row.ts';
import { requireSameRequest } from './write-errors.ts';

const CLAIM = {
  name: 'write_claim',
  text: `insert into write_requests (tenant_id, request_id, method, fingerprint, user_id) values ($1, $2, $3, $4, $5)
    on conflict do nothing returning user_id`,
};

const CLAIMED = {
  name: 'write_claimed',
  text: 'select method, fingerprint, user_id from write_requests where tenant_id = $1 and request_id = $2',
};

const LOCK = {
  name: 'user_lock',
  text: `${selectOf('BASIC')} where u.tenant_id = $1 and u.id = $2 for update`,
};

const PROFILE = {
  name: 'user_profile',
  text: 'select profile from user_profiles where tenant_id = $1 and user_id = $2',
};

/** What every write does, on top of a transaction of prepared statements. */
export function createUserTransaction(run: RunPrepared, seal: ContactSeal): UserTransaction {
  return {
    claim: (tenantId, request, userId) => claim(run, { tenantId, request, userId }),
    async lock(tenantId, id) {
      const [row] = await run<SelectedRow>(LOCK, [tenantId, id]);
      if (!row) return undefined;
      // A statement of its own: joined to the other, it would be from before a wait for the lock.
      const [kept] = await run<{ profile: ProfileJson }>(PROFILE, [tenantId, id]);
      return userFromLocked(row, kept?.profile ?? {}, seal);
    },
  };
}

function userFromLocked(row: SelectedRow, profile: ProfileJson, seal: ContactSeal): User {
  return { ...userFromRow(row, 'BASIC', seal), profile };
}

async function claim(
  run: RunPrepared,
  { tenantId, request, userId }: { tenantId: string; request: WriteRequest; userId: string },
): Promise<string | undefined> {
  const { id, method, fingerprint } = request;
  // A repeat that comes while the first is still at work waits here for its end.
  const noted = await run(CLAIM, [tenantId, id, method, Buffer.from(fingerprint), userId]);
  if (noted.length > 0) return undefined;
  const rows = await run<{ method: string; fingerprint: Buffer; user_id: string }>(CLAIMED, [tenantId, id]);
  const [before] = rows;
  if (!before) throw new Error('A write that was noted before is not there any more.');
  requireSameRequest(request, before);
  return before.user_id;
}
