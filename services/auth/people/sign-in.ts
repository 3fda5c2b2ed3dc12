import { v7 as uuidv7 } from 'uuid';
import type { User } from '../users/user.ts';
import { attemptKey, findByEmail, type People } from './people.ts';
import { credentialsWrong, tooManyAttempts } from './people-error.ts';
import type { Access, FailedSignIn } from './people-store.ts';
import { hashToken, makeSecretToken } from './secret-token.ts';
import { type OpenSession, SESSION_MS, signSession } from './session.ts';
import { requireTurn, sourceKey } from './throttle.ts';

/** Who wants in. */
export interface SignInCommand {
  readonly tenantId: string;
  readonly email: string;
  readonly password: string;
  /** Address of the person's machine. */
  readonly source: string;
}

/**
 * Opens a session. Whoever fails learns nothing of why: the same statements run and the same hash is computed, also for nobody.
 * @throws PeopleError CREDENTIALS_WRONG, TOO_MANY_ATTEMPTS, OVERLOADED
 */
export async function signIn(people: People, command: SignInCommand): Promise<OpenSession> {
  const { reads, store, hasher } = people;
  const { tenantId, email, password } = command;
  await requireTurns(people, command);
  const user = await findByEmail(reads, tenantId, email);
  const access = await store.findAccess(tenantId, user);
  const verification = await verifyOrGiveBack(people, command, access);
  if (user?.state !== 'ACTIVE' || access.passwordHash === undefined || !verification.matches) {
    return await refuse(people, command, { user, access });
  }
  const session = await open(people, command, { user, passwordHash: access.passwordHash });
  if (verification.isOutdated) {
    const hashes = { from: access.passwordHash, to: await hasher.hash(password) };
    await store.replaceHash(tenantId, user.id, hashes);
  }
  return await signSession(people.tokens, { ...session, isEmailVerified: access.isEmailVerified });
}

async function requireTurns(
  { throttles }: People,
  { tenantId, email, source }: SignInCommand,
): Promise<void> {
  const waitMs = await throttles.waitMs({ tenantId, kind: 'SOURCE', key: sourceKey(source) });
  if (waitMs > 0) throw tooManyAttempts(waitMs);
  await requireTurn(throttles, { tenantId, kind: 'ACCOUNT', key: attemptKey(email) });
}

// What was never looked at is no attempt.
async function verifyOrGiveBack(
  people: People,
  { tenantId, email, password }: SignInCommand,
  access: Access,
) {
  try {
    return await people.hasher.verify(access.passwordHash, password);
  } catch (error) {
    await people.throttles.giveBack({ tenantId, kind: 'ACCOUNT', key: attemptKey(email) });
    throw error;
  }
}

async function refuse(
  { store, throttles }: People,
  { tenantId, source }: SignInCommand,
  { user, access }: { user: User | undefined; access: Access },
): Promise<never> {
  await throttles.take({ tenantId, kind: 'SOURCE', key: sourceKey(source) });
  await store.recordFailure({
    tenantId,
    ...(user && { userId: user.id }),
    outcome: outcomeOf(user, access),
    source,
  });
  throw credentialsWrong();
}

function outcomeOf(user: User | undefined, access: Access): FailedSignIn['outcome'] {
  if (!user) return 'UNKNOWN_ADDRESS';
  if (user.state !== 'ACTIVE') return 'NOT_ACTIVE';
  return access.passwordHash === undefined ? 'NO_PASSWORD' : 'WRONG_PASSWORD';
}

async function open(
  { store }: People,
  { tenantId, email, source }: SignInCommand,
  { user, passwordHash }: { user: User; passwordHash: string },
) {
  const refreshToken = makeSecretToken();
  const session = {
    tenantId,
    userId: user.id,
    sessionId: uuidv7(),
    expireTime: new Date(Date.now() + SESSION_MS),
  };
  const tokenHash = hashToken(refreshToken);
  const isOpen = await store.openSession({
    ...session,
    tokenHash,
    passwordHash,
    email: attemptKey(email),
    source,
  });
  if (!isOpen) throw credentialsWrong();
  return { ...session, role: user.role, refreshToken };
}
