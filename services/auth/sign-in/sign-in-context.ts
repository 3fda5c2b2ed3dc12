import type { UserReads } from '../users/reading/user-reads.ts';
import { emailKey, type User } from '../users/user.ts';
import type { PasswordHasher } from './passwords/password-hasher.ts';
import type { SignInStore } from './sign-in-store.ts';
import type { Throttles } from './throttle.ts';
import type { AccessTokens } from './tokens/access-token.ts';

/** The parts that the commands of sign-in share. */
export interface SignInContext {
  readonly reads: UserReads;
  readonly store: SignInStore;
  readonly throttles: Throttles;
  readonly hasher: PasswordHasher;
  readonly tokens: AccessTokens;
  /** Called when a used refresh token comes again, which has ended its session. */
  readonly onReuse: (session: { tenantId: string; sessionId: string }) => void;
}

/** Finds the user of an address, with contact data. */
export async function findByEmail(
  reads: UserReads,
  tenantId: string,
  email: string,
): Promise<User | undefined> {
  const key = emailKey(email);
  if (key === null) return undefined;
  return (await reads.findByEmailKeys(tenantId, [key], 'BASIC')).get(key);
}
