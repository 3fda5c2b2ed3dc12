import { emailKey, type User, type UserView } from './user.ts';
import type { UserReads } from './user-reads.ts';

/** Which users, by e-mail address. */
export interface ResolveUsersQuery {
  readonly tenantId: string;
  readonly emails: readonly string[];
  readonly view: UserView;
}

/** One answer for each address, in order; undefined: it leads to nobody. */
export async function resolveUsers(
  reads: UserReads,
  query: ResolveUsersQuery,
): Promise<(User | undefined)[]> {
  const keys = query.emails.map(emailKey);
  const asked = new Set(keys.filter((key) => key !== null));
  const found = await reads.findByEmailKeys(query.tenantId, [...asked], query.view);
  return keys.map((key) => (key === null ? undefined : found.get(key)));
}
