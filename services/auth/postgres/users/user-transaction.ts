import { type Pool, type RunPrepared, transactPrepared } from '@rollcall/runtime/postgres';
import { UserError } from '../../users/user-error.ts';
import type { UserTransaction, WriteRequest } from '../../users/user-writes.ts';
import type { ContactOwner, ContactSeal } from '../rows/contact-seal.ts';
import { type SelectedRow, selectOf, userFromRow } from '../rows/user-from-row.ts';

/** Whoever was to be locked was merged away, or came back, while this waited: it must let go of all it holds, and begin anew. */
export class ConcurrentMergeError extends Error {
  override readonly name = 'ConcurrentMergeError';
}

// Each round means that somebody else's merge was committed.
const MAX_ROUNDS = 50;

const retries = new WeakSet<RunPrepared>();

/**
 * A transaction that locks users. Postgres keeps a lock that it waited for, even where the row is no longer what was asked for;
 * so whoever is overtaken by a merge begins anew, rather than hold one user and wait for another out of turn.
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

/** Whether this transaction began anew: then somebody was merged, and who answers is to be read first. */
export function isRetry(run: RunPrepared): boolean {
  return retries.has(run);
}

// Taken before the transaction has an id, which the first row that it writes or locks gives it: so that of one user's writers who
// has the lower version has the lower id, which is the order in which the change feed tells.
const turnOf = (id: string) =>
  `(select pg_advisory_xact_lock(hashtextextended($1::text || '/' || ${id}::uuid, 0))) turn`;

const CLAIM = {
  name: 'write_claim',
  text: `insert into write_requests (tenant_id, request_id, method, fingerprint, user_id)
    select $1::text, $2::uuid, $3::text, $4::bytea, $5::uuid from ${turnOf('$5')}
    on conflict do nothing returning user_id`,
};

const CLAIMED = {
  name: 'write_claimed',
  text: 'select method, fingerprint, user_id from write_requests where tenant_id = $1 and request_id = $2',
};

const LOCK = {
  name: 'user_lock',
  text: `select id, erase_time is not null as is_erased from ${turnOf('$2')}, users
    where tenant_id = $1 and id = $2 and merged_into is null for update of users`,
};

const ANSWERED_BY = {
  name: 'user_answered_by',
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

/** What every write does, on top of a transaction of prepared statements. */
export function createUserTransaction(run: RunPrepared, seal: ContactSeal): UserTransaction {
  return {
    claim: (tenantId, request, userId) => claim(run, { tenantId, request, userId }),
    async lock(tenantId, id) {
      const locked = await lockAnswering(run, tenantId, id);
      if (!locked) return undefined;
      // A statement of its own: what it reads of other tables would else be from before a wait for the lock.
      const user = await readUser(run, { tenantId, id: locked.id }, seal);
      return user && { ...user, isErased: locked.is_erased, askedId: id };
    },
  };
}

interface LockedRow {
  id: string;
  is_erased: boolean;
}

// Whoever was merged away is never held while its survivor is waited for: who holds that one may wait for the other.
async function lockAnswering(run: RunPrepared, tenantId: string, id: string): Promise<LockedRow | undefined> {
  const answering = isRetry(run) ? await answeredBy(run, tenantId, id) : id;
  if (answering === undefined) return undefined;
  const [row] = await run<LockedRow>(LOCK, [tenantId, answering]);
  if (row) return row;
  if ((await answeredBy(run, tenantId, id)) === undefined) return undefined;
  throw new ConcurrentMergeError();
}

async function answeredBy(run: RunPrepared, tenantId: string, id: string): Promise<string | undefined> {
  const [row] = await run<{ id: string }>(ANSWERED_BY, [tenantId, id]);
  return row?.id;
}

/** A user in full, as the transaction sees it, undefined: there is none, or it was merged away. */
export async function readUser(run: RunPrepared, { tenantId, id }: ContactOwner, seal: ContactSeal) {
  const [row] = await run<SelectedRow>(READ, [tenantId, id]);
  return row && userFromRow(row, 'FULL', seal);
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

/**
 * Throws UserError REQUEST_ID_REUSED unless what was done under this request's id was this very request. What a request said
 * of a user who was erased since is not known any more: its method is all that has to fit.
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
