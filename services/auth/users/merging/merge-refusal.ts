import { UserError, userNotFound } from '../user-error.ts';
import type { MergeParty, MergePlan } from './user-merges.ts';

/** Why a merge or its undoing is refused. Sent as `refusal` in the metadata. */
export type MergeRefusal =
  | 'SELF'
  | 'CYCLE'
  | 'ALREADY_MERGED'
  | 'SURVIVOR_MERGED'
  | 'DELETED'
  | 'ERASED'
  | 'NO_SUCH_MERGE'
  | 'ALREADY_UNDONE'
  | 'LATER_MERGE';

/** The error MERGE_REFUSED. */
export function mergeRefused(
  refusal: MergeRefusal,
  message: string,
  metadata: Readonly<Record<string, string>>,
): UserError {
  return new UserError('MERGE_REFUSED', message, { refusal, ...metadata });
}

/**
 * Requires that two users can be merged. A user of another tenant is not found.
 * @throws UserError USER_NOT_FOUND, MERGE_REFUSED.
 */
export function requireMergeable(
  tenantId: string,
  { survivorId, loserId }: MergePlan,
  parties: ReadonlyMap<string, MergeParty>,
): { survivor: MergeParty; loser: MergeParty } {
  const [survivor, loser] = [survivorId, loserId].map((id) => {
    const party = parties.get(id);
    if (!party) throw userNotFound(tenantId, id);
    return party;
  }) as [MergeParty, MergeParty];
  const ids = { tenant_id: tenantId, survivor_id: survivorId, loser_id: loserId };
  if (survivor === loser) throw mergeRefused('SELF', `User ${loserId} cannot be merged into itself.`, ids);
  if (survivor.canonicalId === loser.id) {
    const message = `User ${survivorId} was merged into ${loserId}, which cannot be merged into it in turn.`;
    throw mergeRefused('CYCLE', message, ids);
  }
  if (loser.mergedInto !== null) throw alreadyMerged('ALREADY_MERGED', loser, ids);
  if (survivor.mergedInto !== null) throw alreadyMerged('SURVIVOR_MERGED', survivor, ids);
  for (const party of [survivor, loser]) requireAlive(party, ids);
  return { survivor, loser };
}

function alreadyMerged(refusal: MergeRefusal, party: MergeParty, ids: Record<string, string>): UserError {
  const message = `User ${party.id} is merged into ${party.canonicalId} already; merge that one.`;
  return mergeRefused(refusal, message, { ...ids, id: party.id, merged_into: party.canonicalId });
}

function requireAlive({ id, isErased, state }: MergeParty, ids: Record<string, string>): void {
  if (isErased) throw mergeRefused('ERASED', `User ${id} is erased.`, { ...ids, id });
  if (state === 'DELETED') {
    throw mergeRefused('DELETED', `User ${id} is deleted; undelete it first.`, { ...ids, id });
  }
}
