import type { Timestamp } from '@bufbuild/protobuf/wkt';
import type { MergePlan, User } from '@rollcall/contract/user';
import type { Owner } from './related-records.ts';

/** A merge that was made. */
export interface MergeRecord {
  readonly tenantId: string;
  readonly mergeId: string;
  readonly plan: MergePlan;
  readonly time: Timestamp;
  /** Both users as they were; undefined: taken back, or one of them was erased since. */
  before: { readonly survivor: User; readonly loser: User } | undefined;
  /** Keys of what went from the loser to the survivor, a list for each kind of belongings. */
  readonly movedKeys: readonly (readonly string[])[];
  /** When it was taken back, and an id for that. */
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

  /** Those in which a user stayed or was merged away. */
  of({ tenantId, id }: Owner): MergeRecord[] {
    return this.#merges.filter(
      ({ plan, ...each }) => each.tenantId === tenantId && (plan.survivorId === id || plan.loserId === id),
    );
  }

  /** The latest merge of its survivor that came behind a merge and still stands. */
  findLater(merge: MergeRecord): MergeRecord | undefined {
    const place = this.#merges.indexOf(merge);
    return this.of({ tenantId: merge.tenantId, id: merge.plan.survivorId }).findLast(
      (each) => this.#merges.indexOf(each) > place && each.undone === undefined,
    );
  }
}
