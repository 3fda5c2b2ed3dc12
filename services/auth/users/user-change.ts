import type { TouchedViews } from './touched-views.ts';

/** What happened to a user. */
export type UserChangeKind =
  | 'CREATED'
  | 'UPDATED'
  | 'DELETED'
  | 'UNDELETED'
  | 'ERASED'
  | 'MERGED'
  | 'UNMERGED';

/** One version of one user, as it is announced. Holds no contact data. */
export interface UserChange {
  readonly tenantId: string;
  readonly id: string;
  readonly version: bigint;
  readonly kind: UserChangeKind;
  /** In which views it shows, and the user's time of change since. Absent: not told, and every view may show it. */
  readonly touched?: (TouchedViews & { readonly updateTime: Date }) | undefined;
}
