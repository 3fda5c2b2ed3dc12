import type { RunPrepared } from '@rollcall/runtime/postgres';
import type { UserRole, UserState } from '../../users/user.ts';
import { SESSION_IDLE_MS } from '../session.ts';
import type { LiveSession, RefreshedSession, RefreshOutcome } from '../sign-in-store.ts';
import { hasVerifiedEmail, type SignInSeals } from './credentials.ts';

// Of concurrent calls only one finds the token unused. The others wait here until it has committed.
const USE = {
  name: 'refresh_use',
  text: `update refresh_tokens set use_time = now() where tenant_id = $1 and token_hash = $2 and use_time is null
    returning session_id`,
};

const END_REUSED = {
  name: 'refresh_reused',
  text: `update sessions s set revoke_time = now(), revoke_reason = 'TOKEN_REUSED' from refresh_tokens t
    where t.tenant_id = $1 and t.token_hash = $2 and s.tenant_id = t.tenant_id and s.id = t.session_id
      and s.revoke_time is null and s.expire_time > now()
    returning s.id`,
};

const SESSION = 's.id, s.user_id, s.expire_time, u.state, u.role';
const WITH_USER = 'sessions s join users u on u.tenant_id = s.tenant_id and u.id = s.user_id';
const LIVE = 's.tenant_id = $1 and s.id = $2 and s.revoke_time is null and s.expire_time > now()';

const FIND = { name: 'session_find', text: `select ${SESSION} from ${WITH_USER} where ${LIVE}` };

const LOCK = {
  name: 'session_lock',
  text: `select ${SESSION}, u.email_sealed, v.email_sealed as verified_sealed from ${WITH_USER}
    left join verified_emails v on v.tenant_id = u.tenant_id and v.user_id = u.id
    where ${LIVE} and s.refresh_time > now() - $3::bigint * interval '1 millisecond' for update of s`,
};

const STORE_NEXT = {
  name: 'refresh_next',
  text: `with kept as (insert into refresh_tokens (tenant_id, token_hash, session_id) values ($1, $3, $2))
    update sessions set refresh_time = now() where tenant_id = $1 and id = $2`,
};

const END = {
  name: 'session_end',
  text: `update sessions set revoke_time = now(), revoke_reason = $3
    where tenant_id = $1 and id = $2 and revoke_time is null`,
};

const END_ALL = {
  name: 'sessions_end',
  text: `update sessions set revoke_time = now(), revoke_reason = $3
    where tenant_id = $1 and user_id = $2 and revoke_time is null and id is distinct from $4::uuid`,
};

const OWNER = {
  name: 'refresh_owner',
  text: `select s.id, s.user_id from refresh_tokens t
    join sessions s on s.tenant_id = t.tenant_id and s.id = t.session_id
    where t.tenant_id = $1 and t.token_hash = $2`,
};

interface LiveRow {
  id: string;
  user_id: string;
  expire_time: Date;
  state: UserState;
  role: UserRole;
}

interface LockedRow extends LiveRow {
  email_sealed: Buffer | null;
  verified_sealed: Buffer | null;
}

/** A refresh token to use up, and the hash of the next one. */
export interface Refresh<Answer> {
  readonly tenantId: string;
  readonly used: Buffer;
  readonly next: Buffer;
  /** Called before the transaction ends: when it fails, the token is not used up. */
  readonly answer: (session: RefreshedSession) => Promise<Answer>;
}

/**
 * Uses up a token, stores the next one and makes the answer, within a transaction.
 * @throws SealingError when the address cannot be opened, and every error of `answer`
 */
export async function refresh<Answer>(
  run: RunPrepared,
  seals: SignInSeals,
  { tenantId, used, next, answer }: Refresh<Answer>,
): Promise<RefreshOutcome<Answer>> {
  const [token] = await run<{ session_id: string }>(USE, [tenantId, used]);
  if (!token) {
    const [ended] = await run<{ id: string }>(END_REUSED, [tenantId, used]);
    return ended ? { kind: 'REUSED', sessionId: ended.id } : { kind: 'OVER' };
  }
  const [row] = await run<LockedRow>(LOCK, [tenantId, token.session_id, SESSION_IDLE_MS]);
  if (!row) return { kind: 'OVER' };
  if (row.state !== 'ACTIVE') {
    await run(END, [tenantId, row.id, 'USER_NOT_ACTIVE']);
    return { kind: 'OVER' };
  }
  await run(STORE_NEXT, [tenantId, row.id, next]);
  const owner = { tenantId, id: row.user_id };
  const isEmailVerified = hasVerifiedEmail(seals, row, owner);
  return { kind: 'REFRESHED', answer: await answer({ ...toSession(row), isEmailVerified }) };
}

/** Ends the session of a token, or all sessions of its user. */
export async function signOut(
  run: RunPrepared,
  { tenantId, tokenHash, everywhere }: { tenantId: string; tokenHash: Buffer; everywhere: boolean },
): Promise<void> {
  const [owner] = await run<{ id: string; user_id: string }>(OWNER, [tenantId, tokenHash]);
  if (!owner) return;
  if (everywhere) await run(END_ALL, [tenantId, owner.user_id, 'SIGNED_OUT', null]);
  else await run(END, [tenantId, owner.id, 'SIGNED_OUT']);
}

/** Finds a session while it is alive and its user active. */
export async function findSession(
  run: RunPrepared,
  tenantId: string,
  id: string,
): Promise<LiveSession | undefined> {
  const [row] = await run<LiveRow>(FIND, [tenantId, id]);
  return row?.state === 'ACTIVE' ? toSession(row) : undefined;
}

/** Ends all sessions of a user, except that of `keepId`. */
export async function endSessions(
  run: RunPrepared,
  { tenantId, userId }: { tenantId: string; userId: string },
  how: { reason: 'PASSWORD_CHANGED' | 'PASSWORD_RESET'; keepId?: string },
): Promise<void> {
  await run(END_ALL, [tenantId, userId, how.reason, how.keepId ?? null]);
}

function toSession({ id, user_id, role, expire_time }: LiveRow): LiveSession {
  return { id, userId: user_id, role, expireTime: expire_time };
}
