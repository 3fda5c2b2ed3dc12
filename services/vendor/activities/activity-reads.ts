import type { ListPosition } from '../page.ts';
import type { Activity, ActivityState } from './activity.ts';

/** Which activities to list: newest first. */
export interface ActivityList {
  readonly tenantId: string;
  /** Only those of this vendor; null: of all. */
  readonly vendorId: string | null;
  /** Only those in one of these; empty: in any. */
  readonly states: readonly ActivityState[];
  readonly limit: number;
  /** Begin behind this place; absent: at the newest. */
  readonly after?: ListPosition;
}

/** How activities are read. Ids are in lower case. */
export interface ActivityReads {
  /** The activity, or undefined. */
  find(tenantId: string, id: string): Promise<Activity | undefined>;
  /** Activities by `createTime` and then id, both descending. */
  list(list: ActivityList): Promise<Activity[]>;
}
