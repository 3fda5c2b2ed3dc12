import type { User } from '../user.ts';
import { userNotFound } from '../user-error.ts';
import type { WriteRequest } from '../user-writes.ts';
import { mergedUser } from './merge-fields.ts';
import { mergeRefused, requireMergeable, requireSameEtag } from './merge-refusal.ts';
import type {
  MergeCause,
  MergeParty,
  MergePlan,
  MergeTransaction,
  PartyReads,
  UserMerges,
} from './user-merges.ts';

/** The merge to make. */
export interface MergeUsersCommand {
  readonly tenantId: string;
  /** UUID in lower case for the merge, where it is a new one. */
  readonly mergeId: string;
  readonly plan: MergePlan;
  /** Refuse where these are no longer the users' etags; empty: whatever they are. */
  readonly survivorEtag: string;
  readonly loserEtag: string;
  /** Absent: a repeat is another merge, and refused. */
  readonly request?: WriteRequest | undefined;
  /** Of an automatic merge. */
  readonly cause?: MergeCause;
}

/** A merge, and the survivor in full. */
export interface MergeResult {
  readonly mergeId: string;
  readonly survivor: User;
}

/** Makes two users one, once per request. Throws UserError USER_NOT_FOUND, MERGE_REFUSED, ETAG_MISMATCH, PROFILE_TOO_LARGE, REQUEST_ID_REUSED. */
export function mergeUsers(merges: UserMerges, command: MergeUsersCommand): Promise<MergeResult> {
  const { tenantId, plan, request, mergeId } = command;
  return merges.transact(async (transaction) => {
    const before = request && (await transaction.claim(tenantId, request, mergeId));
    if (before !== undefined) return repeated(transaction, tenantId, before);
    const parties = await transaction.lockParties(tenantId, [plan.survivorId, plan.loserId]);
    const { survivor, loser } = requireMergeable(tenantId, plan, parties);
    requireSameEtag(survivor, command.survivorEtag);
    requireSameEtag(loser, command.loserEtag);
    const result = mergedUser(survivor, loser, plan.takeFromLoser);
    await transaction.merge({ mergeId, plan, survivor, loser, result, cause: command.cause });
    return { mergeId, survivor: await readAnswering(transaction, tenantId, plan.survivorId) };
  });
}

/** What a merge would result in. */
export interface MergePreview {
  readonly survivor: MergeParty;
  readonly loser: MergeParty;
  readonly result: User;
}

/** What `mergeUsers` would do, without doing it. Throws the same, but for ETAG_MISMATCH. */
export async function previewMerge(
  reads: PartyReads,
  tenantId: string,
  plan: MergePlan,
): Promise<MergePreview> {
  const parties = await reads.findParties(tenantId, [plan.survivorId, plan.loserId]);
  const { survivor, loser } = requireMergeable(tenantId, plan, parties);
  return { survivor, loser, result: mergedUser(survivor, loser, plan.takeFromLoser) };
}

/** Whoever answers for an id now. */
export async function readAnswering(reads: PartyReads, tenantId: string, id: string): Promise<MergeParty> {
  const party = (await reads.findParties(tenantId, [id])).get(id);
  if (!party) throw userNotFound(tenantId, id);
  if (party.answeredBy === id) return party;
  return readAnswering(reads, tenantId, party.answeredBy);
}

async function repeated(
  transaction: MergeTransaction,
  tenantId: string,
  mergeId: string,
): Promise<MergeResult> {
  const merge = await transaction.findMerge(tenantId, mergeId);
  if (!merge)
    throw mergeRefused('NO_SUCH_MERGE', `Tenant ${tenantId} has no merge ${mergeId}.`, { merge_id: mergeId });
  return { mergeId, survivor: await readAnswering(transaction, tenantId, merge.survivorId) };
}
