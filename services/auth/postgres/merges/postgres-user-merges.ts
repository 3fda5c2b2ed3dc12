import { type Pool, type RunPrepared, runPrepared } from '@rollcall/runtime/postgres';
import type { DuplicateReason } from '../../users/merging/duplicates.ts';
import type {
  Merge,
  MergeTransaction,
  NewMerge,
  RunMerge,
  UserMerges,
} from '../../users/merging/user-merges.ts';
import type { User } from '../../users/user.ts';
import { ALL_TOUCHED, touchedBetween, withFigures } from '../../users/user-change.ts';
import type { ContactSeal } from '../rows/contact-seal.ts';
import { reserveEmail } from '../rows/uniqueness.ts';
import type { WrittenUser } from '../users/postgres-user-writes.ts';
import { createUserTransaction, withUserTransaction } from '../users/user-transaction.ts';
import { findParties, lockParties, releaseEmail, sumFigures, writeParty } from './merge-parties.ts';
import { moveRows, openImage, sealImage } from './undo-log.ts';

interface MergeRow {
  survivor_id: string;
  loser_id: string;
  take_from_loser: string[];
  undone_time: Date | null;
  survivor_before: Buffer | null;
  loser_before: Buffer | null;
}

const INSERT = {
  name: 'merge_insert',
  text: `insert into user_merges (tenant_id, merge_id, survivor_id, loser_id, take_from_loser, survivor_before, loser_before,
      create_time, run_id, score, reasons)
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
};

const FIND = {
  name: 'merge_find',
  text: `select survivor_id, loser_id, take_from_loser, undone_time, survivor_before, loser_before from user_merges
    where tenant_id = $1 and merge_id = $2`,
};

const FIND_LATER = {
  name: 'merge_find_later',
  text: `select l.merge_id from user_merges m
    join user_merges l on l.tenant_id = m.tenant_id and l.seq > m.seq and l.undone_time is null
      and (l.survivor_id = m.survivor_id or l.loser_id = m.survivor_id)
    where m.tenant_id = $1 and m.merge_id = $2 order by l.seq desc limit 1`,
};

const UNDO = {
  name: 'merge_undo',
  text: `update user_merges set undone_time = $3, undo_id = gen_random_uuid(), survivor_before = null, loser_before = null
    where tenant_id = $1 and merge_id = $2`,
};

const FIND_RUN = {
  name: 'merge_find_run',
  text: `select merge_id as "mergeId", survivor_id as "survivorId", loser_id as "loserId", score, reasons from user_merges
    where tenant_id = $1 and run_id = $2 order by seq`,
};

/**
 * Merges users, each in one transaction that locks both.
 * @param onCommitted called after each commit, before the caller gets its answer, with the users that may
 * have changed.
 */
export function createPostgresUserMerges(
  { pool, seal }: { pool: Pool; seal: ContactSeal },
  onCommitted: (written: readonly WrittenUser[]) => void,
): UserMerges {
  return {
    findParties: (tenantId, ids) =>
      findParties((statement, values) => runPrepared(pool, statement, values), { tenantId, ids }, seal),
    async transact(work) {
      const written: WrittenUser[] = [];
      const result = await withUserTransaction(pool, (run) => work(transaction(run, { seal, written })));
      onCommitted(written);
      return result;
    },
    findRun: (tenantId, runId) =>
      runPrepared<{ [K in keyof RunMerge]: RunMerge[K] }>(pool, FIND_RUN, [tenantId, runId]),
  };
}

function transaction(
  run: RunPrepared,
  { seal, written }: { seal: ContactSeal; written: WrittenUser[] },
): MergeTransaction {
  return {
    claim: createUserTransaction(run, seal).claim,
    findParties: (tenantId, ids) => findParties(run, { tenantId, ids }, seal),
    async lockParties(tenantId, ids) {
      const parties = await lockParties(run, { tenantId, ids }, seal);
      written.push(...parties.values());
      return parties;
    },
    merge: (merge) => insertMerge(run, merge, seal),
    findMerge: (tenantId, mergeId) => findMerge(run, { tenantId, mergeId }, seal),
    async findLaterMerge({ tenantId, mergeId }) {
      const [later] = await run<{ merge_id: string }>(FIND_LATER, [tenantId, mergeId]);
      return later?.merge_id;
    },
    unmerge: (merge, users) => undoMerge(run, { merge, ...users }, seal),
  };
}

async function insertMerge(run: RunPrepared, merge: NewMerge, seal: ContactSeal): Promise<void> {
  const { mergeId, plan, survivor, loser, result, cause } = merge;
  const { tenantId } = survivor;
  const image = (user: User, column: 'survivor_before' | 'loser_before') =>
    sealImage(seal.keyring, user, { tenantId, mergeId, column });
  await run(INSERT, [
    ...[tenantId, mergeId, survivor.id, loser.id, plan.takeFromLoser],
    ...[image(survivor, 'survivor_before'), image(loser, 'loser_before'), new Date()],
    ...[cause?.runId, cause?.score, cause?.reasons as DuplicateReason[] | undefined],
  ]);
  await releaseEmail(run, loser);
  const kind = 'MERGED';
  // The figures are summed after both writes.
  const touched = withFigures(touchedBetween(survivor, result));
  await writeParty(run, { user: result, mergedInto: null, kind, touched }, seal);
  const away = {
    user: withRetainedEmail(merge),
    mergedInto: survivor.id,
    kind,
    touched: ALL_TOUCHED,
  } as const;
  await writeParty(run, away, seal);
  await sumFigures(run, survivor);
  await moveRows(run, 'merge', { tenantId, mergeId, survivorId: survivor.id, loserId: loser.id });
}

// Both addresses stay reserved for the survivor: the loser keeps the address that the survivor does not have.
function withRetainedEmail({ survivor, loser, result }: NewMerge): User {
  const { contact } = loser;
  if (!contact || result.contact?.email !== contact.email) return loser;
  return { ...loser, contact: { ...contact, email: survivor.contact?.email ?? '' } };
}

async function undoMerge(
  run: RunPrepared,
  { merge, survivor, loser }: { merge: Merge; survivor: User; loser: User },
  seal: ContactSeal,
): Promise<void> {
  const { tenantId, mergeId } = merge;
  const before = (await findParties(run, { tenantId, ids: [survivor.id] }, seal)).get(survivor.id);
  await run(UNDO, [tenantId, mergeId, new Date()]);
  await releaseEmail(run, loser);
  const kind = 'UNMERGED';
  const touched = before ? withFigures(touchedBetween(before, survivor)) : ALL_TOUCHED;
  await writeParty(run, { user: survivor, mergedInto: null, kind, touched }, seal);
  await reserveEmail(run, loser.contact?.email ?? '', { seal, owner: loser });
  await writeParty(run, { user: loser, mergedInto: null, kind, touched: ALL_TOUCHED }, seal);
  for (const user of [survivor, loser]) await sumFigures(run, user);
  await moveRows(run, 'unmerge', { tenantId, mergeId, survivorId: survivor.id, loserId: loser.id });
}

async function findMerge(
  run: RunPrepared,
  { tenantId, mergeId }: { tenantId: string; mergeId: string },
  { keyring }: ContactSeal,
): Promise<Merge | undefined> {
  const [row] = await run<MergeRow & Record<string, unknown>>(FIND, [tenantId, mergeId]);
  if (!row) return undefined;
  const { survivor_before: survivor, loser_before: loser } = row;
  return {
    tenantId,
    mergeId,
    survivorId: row.survivor_id,
    loserId: row.loser_id,
    takeFromLoser: row.take_from_loser,
    isUndone: row.undone_time !== null,
    before:
      (survivor &&
        loser && {
          survivor: openImage(keyring, survivor, { tenantId, mergeId, column: 'survivor_before' }),
          loser: openImage(keyring, loser, { tenantId, mergeId, column: 'loser_before' }),
        }) ||
      undefined,
  };
}
