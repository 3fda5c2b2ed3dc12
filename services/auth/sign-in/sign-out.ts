import type { People } from './sign-in-context.ts';
import { hashToken } from './tokens/secret-token.ts';

/** Ends the session of a refresh token, or all of its user. Says nothing of whether there was one. */
export async function signOut(
  { store }: People,
  { tenantId, refreshToken, everywhere }: { tenantId: string; refreshToken: string; everywhere: boolean },
): Promise<void> {
  await store.signOut(tenantId, hashToken(refreshToken), everywhere);
}
