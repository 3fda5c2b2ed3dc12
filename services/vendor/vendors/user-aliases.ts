/** Which ids are one user, as far as this service has heard. */
export interface UserAliases {
  /** These users, and every id that was merged into them. */
  allIdsOf(tenantId: string, userIds: readonly string[]): Promise<string[]>;
  /** The user that an id stands for: itself, unless it was merged into another. */
  survivorOf(tenantId: string, userId: string): Promise<string>;
}
