import type { User } from '../user.ts';
import { UserError, userNotFound } from '../user-error.ts';
import type { WriteRequest } from '../user-writes.ts';
import type { DuplicateReason } from './duplicates.ts';

/** The users of a merge, and the choice of values. Ids are in lower case. */
export interface MergePlan {
  readonly survivorId: string;
  readonly loserId: string;
  /** Paths of User for which the loser's value wins if both have one. */
  readonly takeFromLoser: readonly string[];
}

/** A user in the FULL view that may be merged, or already was. */
export interface MergeParty extends User {
  /** The user that it was merged into; null when it is not merged. */
  readonly mergedInto: string | null;
  /** The id of the canonical user: its own, or that of the last survivor. */
  readonly canonicalId: string;
  readonly isErased: boolean;
}

/** A stored merge. */
export interface Merge extends MergePlan {
  readonly tenantId: string;
  readonly mergeId: string;
  readonly isUndone: boolean;
  /** Both users before the merge; undefined when one of them was erased since. */
  readonly before: { readonly survivor: User; readonly loser: User } | undefined;
}

/** The cause of an automatic merge. */
export interface MergeCause {
  readonly runId: string;
  readonly score: number;
  readonly reasons: readonly DuplicateReason[];
}

/** A merge to store. Its users are locked. */
export interface NewMerge {
  readonly mergeId: string;
  readonly plan: MergePlan;
  readonly survivor: MergeParty;
  readonly loser: MergeParty;
  /** The survivor after the merge. */
  readonly result: User;
  readonly cause?: MergeCause | undefined;
}

/** Reads users that may be merged. */
export interface PartyReads {
  /** The users that exist, by id, without following merges. */
  findParties(tenantId: string, ids: readonly string[]): Promise<ReadonlyMap<string, MergeParty>>;
}

/** A transaction of a merge. It is applied completely or not at all. */
export interface MergeTransaction extends PartyReads {
  /**
   * Claims a request id. Returns the id that an earlier call of this request stored; undefined for a new
   * request, which is stored with `id`.
   * @throws UserError REQUEST_ID_REUSED.
   */
  claim(tenantId: string, request: WriteRequest, id: string): Promise<string | undefined>;
  /** `findParties` with locks, in the order of ids, until the end of the transaction. */
  lockParties(tenantId: string, ids: readonly string[]): Promise<ReadonlyMap<string, MergeParty>>;
  /** @throws UserError PROFILE_TOO_LARGE. */
  merge(merge: NewMerge): Promise<void>;
  findMerge(tenantId: string, mergeId: string): Promise<Merge | undefined>;
  /** The last later merge of the survivor that has not been undone. */
  findLaterMerge(merge: Merge): Promise<string | undefined>;
  /**
   * Writes both users and moves back the rows that the merge moved.
   * @throws UserError EMAIL_TAKEN.
   */
  unmerge(merge: Merge, users: { readonly survivor: User; readonly loser: User }): Promise<void>;
}

/** A merge of an automatic run. */
export interface RunMerge {
  readonly mergeId: string;
  readonly survivorId: string;
  readonly loserId: string;
  readonly score: number;
  readonly reasons: readonly DuplicateReason[];
}

/** Merges users. */
export interface UserMerges extends PartyReads {
  transact<T>(work: (transaction: MergeTransaction) => Promise<T>): Promise<T>;
  /** The merges of an automatic run, oldest first. */
  findRun(tenantId: string, runId: string): Promise<readonly RunMerge[]>;
}

/** Why a merge or its undoing is refused. Sent as `refusal` in the metadata. */
type MergeRefusal =
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
