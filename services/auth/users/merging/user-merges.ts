import type { User } from '../user.ts';
import type { WriteRequest } from '../user-writes.ts';
import type { DuplicateReason } from './duplicates.ts';

/** What decides a merge. Ids are in lower case. */
export interface MergePlan {
  readonly survivorId: string;
  readonly loserId: string;
  /** Paths of User for which the loser's value is taken where both have one. */
  readonly takeFromLoser: readonly string[];
}

/** A user in full that may take part in a merge, whoever answers in its place. */
export interface MergeParty extends User {
  /** The user that it was merged into; null: none. */
  readonly mergedInto: string | null;
  /** The id that answers for it: its own, or at the end of all merges. */
  readonly canonicalId: string;
  readonly isErased: boolean;
}

/** A merge that was made. */
export interface Merge extends MergePlan {
  readonly tenantId: string;
  readonly mergeId: string;
  readonly isUndone: boolean;
  /** Both users as they were; undefined: one of them was erased since. */
  readonly before: { readonly survivor: User; readonly loser: User } | undefined;
}

/** How an automatic merge came to be. */
export interface MergeCause {
  readonly runId: string;
  readonly score: number;
  readonly reasons: readonly DuplicateReason[];
}

/** A merge to be made, of users that are locked. */
export interface NewMerge {
  readonly mergeId: string;
  readonly plan: MergePlan;
  readonly survivor: MergeParty;
  readonly loser: MergeParty;
  /** The survivor as it will be. */
  readonly result: User;
  readonly cause?: MergeCause | undefined;
}

/** Reads of users that may be merged. */
export interface PartyReads {
  /** Those of these users that are there, by id, as they are themselves. */
  findParties(tenantId: string, ids: readonly string[]): Promise<ReadonlyMap<string, MergeParty>>;
}

/** One transaction of merging. All of it happens, or none. */
export interface MergeTransaction extends PartyReads {
  /** The id that this very request noted before; undefined, and noted with `id`, where it is new. Throws UserError REQUEST_ID_REUSED. */
  claim(tenantId: string, request: WriteRequest, id: string): Promise<string | undefined>;
  /** The same as `findParties`, and nobody else changes them until the end. Locked in the order of ids. */
  lockParties(tenantId: string, ids: readonly string[]): Promise<ReadonlyMap<string, MergeParty>>;
  /** Throws UserError PROFILE_TOO_LARGE. */
  merge(merge: NewMerge): Promise<void>;
  findMerge(tenantId: string, mergeId: string): Promise<Merge | undefined>;
  /** A later merge of the survivor that has not been undone. */
  findLaterMerge(merge: Merge): Promise<string | undefined>;
  /** Writes both users as they shall be, and moves back what the merge moved. Throws UserError EMAIL_TAKEN. */
  unmerge(merge: Merge, users: { readonly survivor: User; readonly loser: User }): Promise<void>;
}

/** A merge of an automatic run, as it is reported. */
export interface RunMerge {
  readonly mergeId: string;
  readonly survivorId: string;
  readonly loserId: string;
  readonly score: number;
  readonly reasons: readonly DuplicateReason[];
}

/** How users are merged. */
export interface UserMerges extends PartyReads {
  transact<T>(work: (transaction: MergeTransaction) => Promise<T>): Promise<T>;
  /** The merges of an automatic run, oldest first. */
  findRun(tenantId: string, runId: string): Promise<readonly RunMerge[]>;
}
