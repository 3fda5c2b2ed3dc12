import type { RunPrepared } from '@rollcall/runtime/postgres';
import { emailKey, type UserRole, type UserState } from '../../users/user.ts';
import type { FailedSignIn, SessionOpening, SignInAttempt, SignInStart } from '../sign-in-store.ts';
import { emailThrottleKey, sourceThrottleKey } from '../throttle.ts';
import { hasVerifiedEmail, LOCK_UNERASED_USER, type SignInSeals } from './credentials.ts';
import { readWaitMs, takeSql, WAIT_MS } from './throttles.ts';

// One statement, because round trips are most of what a sign-in costs beside its hash. An address that was
// merged away leads to the survivor. The holder is materialized: otherwise the planner fears the chain and
// reads all users.
const BEGIN = {
  name: 'sign_in_begin',
  text: `with source as (
      select ${WAIT_MS} as wait_ms from throttles where tenant_id = $1 and kind = 'SOURCE' and key = $2
    ), counted as (
      ${takeSql('ACCOUNT', '$3', 'where not exists (select from source where wait_ms > 0)')}
    ), holder as materialized (
      select case when u.merged_into is null then u.id else (
        with recursive chain as (
          select u.id, u.merged_into
          union all
          select m.id, m.merged_into from chain c join users m on m.tenant_id = $1 and m.id = c.merged_into
        ) select id from chain where merged_into is null) end as id
      from users u where u.tenant_id = $1 and u.email_key = any($4::bytea[]) and u.delete_time is null
    )
    select (select wait_ms from source) as source_wait_ms, exists (select from counted) as is_counted,
      u.id, u.state, u.email_sealed, v.email_sealed as verified_sealed, c.password_hash
    from (select) once
    left join (holder join users u on u.tenant_id = $1 and u.id = holder.id and u.delete_time is null) on true
    left join credentials c on c.tenant_id = $1 and c.user_id = u.id
    left join verified_emails v on v.tenant_id = $1 and v.user_id = u.id`,
};

interface BeginRow {
  source_wait_ms: number | null;
  is_counted: boolean;
  id: string | null;
  state: UserState;
  email_sealed: Buffer | null;
  verified_sealed: Buffer | null;
  password_hash: string | null;
}

const FAILED = {
  name: 'sign_in_failed',
  text: `with person as (${LOCK_UNERASED_USER})
    insert into sign_ins (tenant_id, user_id, outcome, source_address)
    select $1, $2, $3::text, $4::text where $2::uuid is null or exists (select from person)`,
};

// Checks again: while the hash was computed, the user may have been suspended, or the password changed. The
// lock waits for an erasure that is going on, and sees its result.
const OPEN = {
  name: 'session_open',
  text: `with allowed as (
      select u.tenant_id, u.id, u.role from users u join credentials c on c.tenant_id = u.tenant_id and c.user_id = u.id
      where u.tenant_id = $1 and u.id = $2 and u.state = 'ACTIVE' and c.password_hash = $3
      for key share of u
    ), opened as (
      insert into sessions (tenant_id, id, user_id, expire_time) select tenant_id, $4::uuid, id, now() + $5::bigint * interval '1 millisecond' from allowed
      returning tenant_id, id, user_id, expire_time
    ), kept as (
      insert into refresh_tokens (tenant_id, token_hash, session_id) select tenant_id, $6::bytea, id from opened
    ), noted as (
      insert into sign_ins (tenant_id, user_id, outcome, source_address, session_id)
      select tenant_id, user_id, 'SUCCEEDED', $7::text, id from opened
    ), forgiven as (
      delete from throttles where tenant_id = $1 and kind = 'ACCOUNT' and key = $8 and exists (select from opened)
    )
    select a.role, o.expire_time from allowed a, opened o`,
};

/** Counts an attempt, and finds its user. Runs the statement for unknown addresses too. */
export async function beginSignIn(
  run: RunPrepared,
  seals: SignInSeals,
  { tenantId, email, source }: SignInAttempt,
): Promise<SignInStart> {
  const { seal, contactSeal } = seals;
  const index = seal.throttleIndex({ tenantId, kind: 'ACCOUNT', key: emailThrottleKey(email) });
  const sourceIndex = seal.throttleIndex({ tenantId, kind: 'SOURCE', key: sourceThrottleKey(source) });
  const key = emailKey(email);
  const emailIndexes = key === null ? [] : contactSeal.emailIndexes(key, tenantId);
  const [row] = await run<BeginRow>(BEGIN, [tenantId, sourceIndex, index, emailIndexes]);
  if (!row?.is_counted) {
    return { waitMs: row?.source_wait_ms || (await readWaitMs(run, { tenantId, kind: 'ACCOUNT', index })) };
  }
  const { id, state } = row;
  return {
    waitMs: 0,
    ...(id !== null && {
      user: { id, state, isEmailVerified: () => hasVerifiedEmail(seals, row, { tenantId, id }) },
    }),
    ...(row.password_hash !== null && { passwordHash: row.password_hash }),
  };
}

/** Records a sign-in that failed. */
export async function recordFailure(
  run: RunPrepared,
  { tenantId, userId, outcome, source }: FailedSignIn,
): Promise<void> {
  await run(FAILED, [tenantId, userId ?? null, outcome, source]);
}

/** Opens a session. Undefined: the user may no longer sign in. */
export async function openSession(
  run: RunPrepared,
  { seal }: SignInSeals,
  opening: SessionOpening,
): Promise<{ role: UserRole; expireTime: Date } | undefined> {
  const { tenantId, userId, passwordHash, sessionId, lifetimeMs, tokenHash, source } = opening;
  const account = seal.throttleIndex({ tenantId, kind: 'ACCOUNT', key: emailThrottleKey(opening.email) });
  const values = [tenantId, userId, passwordHash, sessionId, lifetimeMs, tokenHash, source, account];
  const [row] = await run<{ role: UserRole; expire_time: Date }>(OPEN, values);
  return row && { role: row.role, expireTime: row.expire_time };
}
