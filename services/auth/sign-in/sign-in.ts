import { v7 as uuidv7 } from 'uuid';
import { type OpenSession, SESSION_MS, signSession, type UnsignedSession } from './session.ts';
import type { SignInContext } from './sign-in-context.ts';
import { credentialsWrong, tooManyAttempts } from './sign-in-error.ts';
import type { FailedSignIn, SignInAttempt, SignInStart, SignInStore } from './sign-in-store.ts';
import { emailThrottleKey, sourceThrottleKey } from './throttle.ts';
import { hashToken, makeSecretToken } from './tokens/secret-token.ts';

interface SignInCommand extends SignInAttempt {
  readonly password: string;
}

/**
 * Opens a session. A failure does not show its reason: the same statements run and the same hash is computed
 * for unknown addresses.
 * @throws SignInError CREDENTIALS_WRONG, TOO_MANY_ATTEMPTS, OVERLOADED
 */
export async function signIn(context: SignInContext, command: SignInCommand): Promise<OpenSession> {
  const { store, hasher, tokens } = context;
  const { tenantId, email, password, source } = command;
  const start = await store.beginSignIn({ tenantId, email, source });
  if (start.waitMs > 0) throw tooManyAttempts(start.waitMs);
  const { user, passwordHash } = start;
  const verification = await verifyOrRefund(context, command, passwordHash);
  if (user?.state !== 'ACTIVE' || passwordHash === undefined || !verification.matches) {
    return await refuse(context, command, start);
  }
  // Before the session opens: when the address cannot be opened, the caller would never get the session.
  const isEmailVerified = user.isEmailVerified();
  const session = await open(store, command, { userId: user.id, passwordHash });
  if (verification.isOutdated) {
    const hashes = { from: passwordHash, to: await hasher.hash(password) };
    await store.replaceHash(tenantId, user.id, hashes);
  }
  return await signSession(tokens, { ...session, isEmailVerified });
}

// An attempt that was not checked is not counted.
async function verifyOrRefund(
  context: SignInContext,
  { tenantId, email, password }: SignInCommand,
  passwordHash: string | undefined,
) {
  try {
    return await context.hasher.verify(passwordHash, password);
  } catch (error) {
    await context.throttles.refund({ tenantId, kind: 'ACCOUNT', key: emailThrottleKey(email) });
    throw error;
  }
}

async function refuse(
  { store, throttles }: SignInContext,
  { tenantId, source }: SignInCommand,
  start: SignInStart,
): Promise<never> {
  await throttles.take({ tenantId, kind: 'SOURCE', key: sourceThrottleKey(source) });
  await store.recordFailure({
    tenantId,
    ...(start.user && { userId: start.user.id }),
    outcome: outcomeOf(start),
    source,
  });
  throw credentialsWrong();
}

function outcomeOf({ user, passwordHash }: SignInStart): FailedSignIn['outcome'] {
  if (!user) return 'UNKNOWN_ADDRESS';
  if (user.state !== 'ACTIVE') return 'NOT_ACTIVE';
  return passwordHash === undefined ? 'NO_PASSWORD' : 'WRONG_PASSWORD';
}

async function open(
  store: SignInStore,
  { tenantId, email, source }: SignInCommand,
  { userId, passwordHash }: { userId: string; passwordHash: string },
): Promise<Omit<UnsignedSession, 'isEmailVerified'>> {
  const refreshToken = makeSecretToken();
  const tokenHash = hashToken(refreshToken);
  const session = { tenantId, userId, sessionId: uuidv7() };
  const kept = { tokenHash, passwordHash, email, source, lifetimeMs: SESSION_MS };
  const opened = await store.openSession({ ...session, ...kept });
  if (!opened) throw credentialsWrong();
  return { ...session, ...opened, refreshToken };
}
