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
}
