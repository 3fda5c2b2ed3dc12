import { type Pool, type RunPrepared, runPrepared, transactPrepared } from '@rollcall/runtime/postgres';
import type { WrittenUser } from '../../postgres/users/postgres-user-writes.ts';
import { UserError } from '../../users/user-error.ts';
import type { SignInStore } from '../sign-in-store.ts';
import { findAccess, replaceHash, type SignInSeals } from './credentials.ts';
import { queueMail } from './mail-outbox.ts';
import {
  changePassword,
  completeRegistration,
  findMailToken,
  resetPassword,
  verifyEmail,
} from './mail-tokens.ts';
import { findSession, refresh, signOut } from './sessions.ts';
import { beginSignIn, openSession, recordFailure } from './sign-in-attempts.ts';

interface SignInListeners {
  /** Called behind the commit that creates a user, before the caller has its answer. */
  readonly onCommitted: (written: readonly WrittenUser[]) => void;
  /** Called behind each commit of a mail. */
  readonly onMailQueued: () => void;
}

/** Creates the store of sign-in over Postgres, by prepared statements. */
export function createPostgresSignInStore(
  pool: Pool,
  seals: SignInSeals,
  listeners: SignInListeners,
): SignInStore {
  const { seal } = seals;
  const alone: RunPrepared = (statement, values) => runPrepared(pool, statement, values);
  const together = <T>(work: (run: RunPrepared) => Promise<T>) => transactPrepared(pool, work);
  const withMail = async <T>(done: Promise<T>): Promise<T> => {
    const result = await done;
    listeners.onMailQueued();
    return result;
  };
  return {
    beginSignIn: (attempt) => beginSignIn(alone, seals, attempt),
    findAccess: (tenantId, user) => findAccess(alone, seal, { tenantId, user }),
    recordFailure: (failure) => recordFailure(alone, failure),
    openSession: (opening) => openSession(alone, seals, opening),
    replaceHash: (tenantId, userId, hashes) => replaceHash(alone, { tenantId, userId, ...hashes }),
    refresh: (tenantId, tokens, answer) =>
      together((run) => refresh(run, seals, { tenantId, ...tokens, answer })),
    signOut: (tenantId, tokenHash, everywhere) =>
      together((run) => signOut(run, { tenantId, tokenHash, everywhere })),
    findSession: (tenantId, id) => findSession(alone, tenantId, id),
    changePassword: (change) => withMail(together((run) => changePassword(run, seal, change))),
    queueMail: (order) => withMail(queueMail(alone, seal, order)),
    findMailToken: (tenantId, hash, purposes) => findMailToken(alone, { tenantId, hash, purposes }),
    async completeRegistration(tenantId, hash, userId) {
      const registration = { tenantId, hash, userId };
      const isDone = await together((run) => completeRegistration(run, seals, registration)).catch(
        falseWhereTaken,
      );
      if (isDone) listeners.onCommitted([{ tenantId, id: userId }]);
      return isDone;
    },
    verifyEmail: (tenantId, hash, user) =>
      together((run) => verifyEmail(run, seal, { tenantId, hash, user })),
    resetPassword: (change) => withMail(together((run) => resetPassword(run, seal, change))),
  };
}

// Another user has taken the address since the mail was sent.
function falseWhereTaken(error: unknown): false {
  if (error instanceof UserError && error.reason === 'EMAIL_TAKEN') return false;
  throw error;
}
