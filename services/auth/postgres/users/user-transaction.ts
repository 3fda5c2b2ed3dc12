// Transactions that lock users: repeated after a concurrent merge, with request ids and canonical users.
import { type Pool, type RunPrepared, transactPrepared } from '@rollcall/runtime/postgres';
import { UserError } from '../../users/user-error.ts';
import type { UserTransaction, WriteRequest } from '../../users/user-writes.ts';
import type { ContactOwner, ContactSeal } from '../rows/contact-seal.ts';
import { type SelectedRow, selectOf, userFromRow } from '../rows/user-from-row.ts';

/**
 * A user to be locked was merged or unmerged while the lock was awaited. The transaction must roll back and
 * begin again.
 */
export class ConcurrentMergeError extends Error {
  override readonly name = 'ConcurrentMergeError';
}

// Each attempt fails only because another merge was committed.
const MAX_ROUNDS = 50;

const retries = new WeakSet<RunPrepared>();

/**
 * Runs a transaction that locks users, and repeats it after a concurrent merge.
 * PostgreSQL keeps a lock that it waited for, even if the row no longer matches. Beginning again avoids
 * holding one user while waiting for another out of order.
 */
export async function withUserTransaction<T>(pool: Pool, work: (run: RunPrepared) => Promise<T>): Promise<T> {
  for (let round = 1; ; round += 1) {
    try {
      return await transactPrepared(pool, (run) => {
        if (round > 1) retries.add(run);
        return work(run);
      });
    } catch (error) {
      if (!(error instanceof ConcurrentMergeError) || round === MAX_ROUNDS) throw error;
    }
  }
}

/** Whether the transaction is a repetition. A user was merged then, so the canonical user is read first. */
function isRetry(run: RunPrepared): boolean {
  return retries.has(run);
}

// The advisory lock is taken before the transaction gets its id from the first row that it writes or locks.
// So among the writers of one user a lower version has a lower transaction id, which is the order of the
// feed.
const advisoryLockOf = (id: string) =>
  `(select pg_advisory_xact_lock(hashtextextended($1::text || '/' || ${id}::uuid, 0))) turn`;

const CLAIM = {
  name: 'write_claim',
  text: `insert into write_requests (tenant_id, request_id, method, fingerprint, user_id)
    select $1::text, $2::uuid, $3::text, $4::bytea, $5::uuid from ${advisoryLockOf('$5')}
    on conflict do nothing returning user_id`,
};

const CLAIMED = {
  name: 'write_claimed',
  text: 'select method, fingerprint, user_id from write_requests where tenant_id = $1 and request_id = $2',
};

const LOCK = {
  name: 'user_lock',
  text: `select id, erase_time is not null as is_erased from ${advisoryLockOf('$2')}, users
    where tenant_id = $1 and id = $2 and merged_into is null for update of users`,
};

const CANONICAL_ID = {
  name: 'user_canonical_id',
  text: `with recursive chain as (
      select id, merged_into from users where tenant_id = $1 and id = $2
      union all
      select m.id, m.merged_into from chain c join users m on m.tenant_id = $1 and m.id = c.merged_into
    ) select id from chain where merged_into is null`,
};

const READ = {
  name: 'user_of_write',
  text: `${selectOf('FULL')} where u.tenant_id = $1 and u.id = $2 and u.merged_into is null`,
};

/** The part that all writes share, on top of a transaction of prepared statements. */
export function createUserTransaction(run: RunPrepared, seal: ContactSeal): UserTransaction {
  return {
    claim: (tenantId, request, userId) => claim(run, { tenantId, request, userId }),
    async lock(tenantId, id) {
      const locked = await lockCanonical(run, tenantId, id);
      if (!locked) return undefined;
      // A second statement, because it must read other tables after the wait for the lock.
      const user = await readUser(run, { tenantId, id: locked.id }, seal);
      return user && { ...user, isErased: locked.is_erased, askedId: id };
    },
  };
}

interface LockedRow {
  id: string;
  is_erased: boolean;
}

// A merged user is never locked before its survivor, because the holder of the survivor may wait for it.
async function lockCanonical(run: RunPrepared, tenantId: string, id: string): Promise<LockedRow | undefined> {
  const canonicalId = isRetry(run) ? await canonicalIdOf(run, tenantId, id) : id;
  if (canonicalId === undefined) return undefined;
  const [row] = await run<LockedRow>(LOCK, [tenantId, canonicalId]);
  if (row) return row;
  if ((await canonicalIdOf(run, tenantId, id)) === undefined) return undefined;
  throw new ConcurrentMergeError();
}

async function canonicalIdOf(run: RunPrepared, tenantId: string, id: string): Promise<string | undefined> {
  const [row] = await run<{ id: string }>(CANONICAL_ID, [tenantId, id]);
  return row?.id;
}

/** Reads a full user in the transaction; undefined when it does not exist or is merged. */
export async function readUser(run: RunPrepared, { tenantId, id }: ContactOwner, seal: ContactSeal) {
  const [row] = await run<SelectedRow>(READ, [tenantId, id]);
  return row && userFromRow(row, 'FULL', seal);
}

async function claim(
  run: RunPrepared,
  { tenantId, request, userId }: { tenantId: string; request: WriteRequest; userId: string },
): Promise<string | undefined> {
  const { id, method, fingerprint } = request;
  // A repetition that comes while the first call is still running waits here for its end.
  const claimed = await run(CLAIM, [tenantId, id, method, Buffer.from(fingerprint), userId]);
  if (claimed.length > 0) return undefined;
  const rows = await run<{ method: string; fingerprint: Buffer; user_id: string }>(CLAIMED, [tenantId, id]);
  const [before] = rows;
  if (!before) throw new Error('A write that was claimed before is not there any more.');
  requireSameRequest(request, before);
  return before.user_id;
}

/**
 * Requires that the id of this request was used for this very request.
 * The fingerprint of a request for a user that was erased since is empty; only its method is compared.
 * @throws UserError REQUEST_ID_REUSED.
 */
function requireSameRequest(
  request: WriteRequest,
  before: { readonly method: string; readonly fingerprint: Uint8Array },
): void {
  const isForgotten = before.fingerprint.length === 0;
  const isSame = isForgotten || Buffer.compare(before.fingerprint, request.fingerprint) === 0;
  if (before.method === request.method && isSame) return;
  const message = `Request id ${request.id} was used before, for another request; choose a new one.`;
  throw new UserError('REQUEST_ID_REUSED', message, {
    reused_request_id: request.id,
    method: before.method,
  });
}
