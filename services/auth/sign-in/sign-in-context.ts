import type { UserReads } from '../users/reading/user-reads.ts';
import { emailKey, type User } from '../users/user.ts';
import type { PasswordHasher } from './passwords/password-hasher.ts';
import type { SignInStore } from './sign-in-store.ts';
import type { Throttles } from './throttle.ts';
import type { AccessTokens } from './tokens/access-token.ts';

/** What the commands work with. */
export interface SignInContext {
  readonly reads: UserReads;
  readonly store: SignInStore;
  readonly throttles: Throttles;
  readonly hasher: PasswordHasher;
  readonly tokens: AccessTokens;
  /** Told of a refresh token that came a second time, whose session was ended for that. */
  readonly onReuse: (session: { tenantId: string; sessionId: string }) => void;
}

/** The user that has an address, with contact data; undefined: nobody. */
export async function findByEmail(
  reads: UserReads,
  tenantId: string,
  email: string,
): Promise<User | undefined> {
  const key = emailKey(email);
  if (key === null) return undefined;
  return (await reads.findByEmailKeys(tenantId, [key], 'BASIC')).get(key);
}
