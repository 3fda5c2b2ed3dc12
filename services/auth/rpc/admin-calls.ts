import type { UserAdminService } from '@rollcall/contract/user';
import type { Logger } from '@rollcall/runtime';
import type { Implementation } from '@rollcall/runtime/rpc';
import type { Erasures } from '../erasures/erasures.ts';
import type { DuplicateReads } from '../users/merging/duplicates.ts';
import type { UserMerges } from '../users/merging/user-merges.ts';
import type { UserReads } from '../users/reading/user-reads.ts';
import type { TimelineSource } from '../users/records/timeline.ts';
import type { RecordReads } from '../users/records/user-records.ts';
import type { UserSearch } from '../users/searching/user-search.ts';
import type { UserWrites } from '../users/user-writes.ts';

/** Dependencies of the calls of UserAdminService. */
export interface AdminDependencies {
  readonly reads: UserReads;
  readonly search: UserSearch;
  readonly writes: UserWrites;
  readonly records: RecordReads;
  readonly merges: UserMerges;
  readonly duplicates: DuplicateReads;
  readonly erasures: Erasures;
  /** Services that are expected to report each erasure. */
  readonly erasureConsumers: readonly string[];
  readonly logger: Logger;
  /** The sources of a timeline. */
  readonly timeline: readonly TimelineSource[];
}

/** Some of the calls of UserAdminService. */
export type AdminCalls<Names extends keyof Implementation<typeof UserAdminService>> = Required<
  Pick<Implementation<typeof UserAdminService>, Names>
>;
