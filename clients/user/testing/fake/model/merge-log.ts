import type { Timestamp } from '@bufbuild/protobuf/wkt';
import type { MergePlan, User } from '@rollcall/contract/user';
import type { Owner } from './related-records.ts';

/** A merge that was applied. */
export interface MergeRecord {
  readonly tenantId: string;
  readonly mergeId: string;
  readonly plan: MergePlan;
  readonly time: Timestamp;
  /** Both users before the merge. Undefined: it was undone, or one of them was erased since. */
  before: { readonly survivor: User; readonly loser: User } | undefined;
  /** Keys of the records moved from the loser to the survivor, one list per kind of record. */
  readonly movedKeys: readonly (readonly string[])[];
  /** The id and the time of undoing it. */
  undone?: { readonly id: string; readonly time: Timestamp };
}

/** All merges, oldest first. */
export class MergeLog {
  readonly #merges: MergeRecord[] = [];

  add(merge: MergeRecord): void {
    this.#merges.push(merge);
  }

  find(tenantId: string, mergeId: string): MergeRecord | undefined {
    return this.#merges.find((each) => each.tenantId === tenantId && each.mergeId === mergeId);
  }

  /** The merges of a user, as survivor or as loser. */
  of({ tenantId, id }: Owner): MergeRecord[] {
    return this.#merges.filter(
      ({ plan, ...each }) => each.tenantId === tenantId && (plan.survivorId === id || plan.loserId === id),
    );
  }

  /** The latest merge of the same survivor after this one that is not undone. */
  findLater(merge: MergeRecord): MergeRecord | undefined {
    const index = this.#merges.indexOf(merge);
    return this.of({ tenantId: merge.tenantId, id: merge.plan.survivorId }).findLast(
      (each) => this.#merges.indexOf(each) > index && each.undone === undefined,
    );
  }
}
