/** Which ids of users mean the same user. Ids are in lower case; one that was never merged stands for itself. */
export interface UserAliases {
  /** These users and every id that was merged into them, each once. */
  allIdsOf(tenantId: string, userIds: readonly string[]): Promise<string[]>;
  /** The user that this id means today. */
  survivorOf(tenantId: string, userId: string): Promise<string>;
}
