import type { ExternalId } from '../records/user-records.ts';
import { emailKey, type User, type UserView } from '../user.ts';
import { externalKey, type UserReads } from './user-reads.ts';

/** Something that leads to one user. */
export type ResolveKey = { readonly email: string } | { readonly external: ExternalId };

/** Which users, by keys that are not their ids. */
export interface ResolveUsersQuery {
  readonly tenantId: string;
  readonly keys: readonly ResolveKey[];
  readonly view: UserView;
}

/** One answer for each key, in order; undefined: it leads to nobody. */
export async function resolveUsers(
  reads: UserReads,
  { tenantId, keys, view }: ResolveUsersQuery,
): Promise<(User | undefined)[]> {
  const emails = keys.flatMap((key) => ('email' in key ? (emailKey(key.email) ?? []) : []));
  const externals = keys.flatMap((key) => ('external' in key ? [key.external] : []));
  const [byEmail, byExternalId] = await Promise.all([
    emails.length > 0 ? reads.findByEmailKeys(tenantId, [...new Set(emails)], view) : NOBODY,
    externals.length > 0 ? reads.findByExternalIds(tenantId, externals, view) : NOBODY,
  ]);
  return keys.map((key) =>
    'email' in key ? byEmail.get(emailKey(key.email) ?? '') : byExternalId.get(externalKey(key.external)),
  );
}

const NOBODY: ReadonlyMap<string, User> = new Map();
