import type { User } from '../user.ts';
import type { WriteRequest } from '../user-writes.ts';
import { mergedUser, unmergedUser } from './merge-fields.ts';
import { mergeRefused } from './merge-refusal.ts';
import { readAnswering } from './merge-users.ts';
import type { Merge, MergeParty, MergeTransaction, UserMerges } from './user-merges.ts';

/** The merge to take back. */
export interface UnmergeUsersCommand {
  readonly tenantId: string;
  /** In lower case. */
  readonly mergeId: string;
  /** Absent: a repeat is refused. */
  readonly request?: WriteRequest | undefined;
}

/**
 * Takes a merge back, once per request: the loser is as it was, and so is the survivor but for what changed since.
 * Throws UserError MERGE_REFUSED, EMAIL_TAKEN, REQUEST_ID_REUSED.
 */
export function unmergeUsers(
  merges: UserMerges,
  { tenantId, mergeId, request }: UnmergeUsersCommand,
): Promise<{ survivor: User; restored: User }> {
  return merges.transact(async (transaction) => {
    const before = request && (await transaction.claim(tenantId, request, mergeId));
    const merge = await requireMerge(transaction, tenantId, mergeId);
    if (before === undefined) await unmerge(transaction, merge);
    return {
      survivor: await readAnswering(transaction, tenantId, merge.survivorId),
      restored: await readAnswering(transaction, tenantId, merge.loserId),
    };
  });
}

async function unmerge(transaction: MergeTransaction, { tenantId, mergeId, ...plan }: Merge): Promise<void> {
  const parties = await transaction.lockParties(tenantId, [plan.survivorId, plan.loserId]);
  // Read anew behind the locks: it may have been taken back meanwhile.
  const merge = await requireMerge(transaction, tenantId, mergeId);
  const [survivor, loser] = [plan.survivorId, plan.loserId].map((id) => parties.get(id)) as [
    MergeParty,
    MergeParty,
  ];
  const { before } = await requireOpen(transaction, merge, survivor);
  const result = mergedUser(before.survivor, before.loser, merge.takeFromLoser);
  await transaction.unmerge(merge, {
    survivor: unmergedUser(survivor, { before: before.survivor, result }),
    loser: { ...before.loser, version: loser.version },
  });
}

async function requireMerge(
  transaction: MergeTransaction,
  tenantId: string,
  mergeId: string,
): Promise<Merge> {
  const merge = await transaction.findMerge(tenantId, mergeId);
  if (merge) return merge;
  const message = `Tenant ${tenantId} has no merge ${mergeId}.`;
  throw mergeRefused('NO_SUCH_MERGE', message, { tenant_id: tenantId, merge_id: mergeId });
}

async function requireOpen(transaction: MergeTransaction, merge: Merge, survivor: MergeParty) {
  const { mergeId, before } = merge;
  const ids = { tenant_id: merge.tenantId, merge_id: mergeId };
  if (merge.isUndone) throw mergeRefused('ALREADY_UNDONE', `Merge ${mergeId} is taken back already.`, ids);
  if (!before || survivor.isErased) {
    throw mergeRefused('ERASED', `Merge ${mergeId} is of an erased user, of whom nothing is left.`, ids);
  }
  const later = await transaction.findLaterMerge(merge);
  if (later === undefined) return { before };
  const message = `Merge ${later} builds upon merge ${mergeId}; take that one back first.`;
  throw mergeRefused('LATER_MERGE', message, { ...ids, later_merge_id: later });
}
