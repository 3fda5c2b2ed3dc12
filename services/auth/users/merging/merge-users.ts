import type { User } from '../user.ts';
import { requireEtag } from '../user-commands.ts';
import { userNotFound } from '../user-error.ts';
import type { WriteRequest } from '../user-writes.ts';
import { mergedUser, unmergedUser } from './merge-fields.ts';
import {
  type Merge,
  type MergeCause,
  type MergeParty,
  type MergePlan,
  type MergeTransaction,
  mergeRefused,
  type PartyReads,
  requireMergeable,
  type UserMerges,
} from './user-merges.ts';

interface MergeUsersCommand {
  readonly tenantId: string;
  /** UUID in lower case for a new merge. */
  readonly mergeId: string;
  readonly plan: MergePlan;
  /** Expected etags of the users; empty accepts any. */
  readonly survivorEtag: string;
  readonly loserEtag: string;
  /** Without it a repetition is another merge, which is refused. */
  readonly request?: WriteRequest | undefined;
  readonly cause?: MergeCause;
}

interface MergeResult {
  readonly mergeId: string;
  readonly survivor: User;
}

/**
 * Merges two users, once for each request.
 * @throws UserError USER_NOT_FOUND, MERGE_REFUSED, ETAG_MISMATCH, PROFILE_TOO_LARGE, REQUEST_ID_REUSED.
 */
export function mergeUsers(merges: UserMerges, command: MergeUsersCommand): Promise<MergeResult> {
  const { tenantId, plan, request, mergeId } = command;
  return merges.transact(async (transaction) => {
    const before = request && (await transaction.claim(tenantId, request, mergeId));
    if (before !== undefined) return repeated(transaction, tenantId, before);
    const parties = await transaction.lockParties(tenantId, [plan.survivorId, plan.loserId]);
    const { survivor, loser } = requireMergeable(tenantId, plan, parties);
    requireEtag(survivor, command.survivorEtag);
    requireEtag(loser, command.loserEtag);
    const result = mergedUser(survivor, loser, plan.takeFromLoser);
    await transaction.merge({ mergeId, plan, survivor, loser, result, cause: command.cause });
    return { mergeId, survivor: await readCanonical(transaction, tenantId, plan.survivorId) };
  });
}

/** The result of a merge that was not made. */
export interface MergePreview {
  readonly survivor: MergeParty;
  readonly loser: MergeParty;
  readonly result: User;
}

/**
 * Computes the result of `mergeUsers` without merging.
 * @throws UserError USER_NOT_FOUND, MERGE_REFUSED.
 */
export async function previewMerge(
  reads: PartyReads,
  tenantId: string,
  plan: MergePlan,
): Promise<MergePreview> {
  const parties = await reads.findParties(tenantId, [plan.survivorId, plan.loserId]);
  const { survivor, loser } = requireMergeable(tenantId, plan, parties);
  return { survivor, loser, result: mergedUser(survivor, loser, plan.takeFromLoser) };
}

/** Reads the canonical user of an id: the user itself, or the last survivor. */
async function readCanonical(reads: PartyReads, tenantId: string, id: string): Promise<MergeParty> {
  const party = (await reads.findParties(tenantId, [id])).get(id);
  if (!party) throw userNotFound(tenantId, id);
  if (party.canonicalId === id) return party;
  return readCanonical(reads, tenantId, party.canonicalId);
}

async function repeated(
  transaction: MergeTransaction,
  tenantId: string,
  mergeId: string,
): Promise<MergeResult> {
  const merge = await transaction.findMerge(tenantId, mergeId);
  if (!merge)
    throw mergeRefused('NO_SUCH_MERGE', `Tenant ${tenantId} has no merge ${mergeId}.`, { merge_id: mergeId });
  return { mergeId, survivor: await readCanonical(transaction, tenantId, merge.survivorId) };
}

interface UnmergeUsersCommand {
  readonly tenantId: string;
  /** In lower case. */
  readonly mergeId: string;
  /** Without it a repetition is refused. */
  readonly request?: WriteRequest | undefined;
}

/**
 * Undoes a merge, once for each request. The loser is restored, and the survivor keeps later changes.
 * @throws UserError MERGE_REFUSED, EMAIL_TAKEN, REQUEST_ID_REUSED.
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
      survivor: await readCanonical(transaction, tenantId, merge.survivorId),
      restored: await readCanonical(transaction, tenantId, merge.loserId),
    };
  });
}

async function unmerge(transaction: MergeTransaction, { tenantId, mergeId, ...plan }: Merge): Promise<void> {
  const parties = await transaction.lockParties(tenantId, [plan.survivorId, plan.loserId]);
  // Read again under the locks, because it may have been undone meanwhile.
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
