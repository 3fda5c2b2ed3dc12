import { randomUUID } from 'node:crypto';
import { type Pool, type RunPrepared, runPrepared } from '@rollcall/runtime/postgres';
import type { MailOutbox, QueuedMail } from '../mail/mail-worker.ts';
import type { MailOrder } from '../sign-in-store.ts';
import { LOCK_UNERASED_USER } from './credentials.ts';
import type { SignInSeal } from './sign-in-seal.ts';

// A mail that reports what happened is useless later.
const PLAIN_MAIL_MS = 24 * 60 * 60_000;

const QUEUE = {
  name: 'mail_queue',
  text: `with person as (${LOCK_UNERASED_USER}),
    allowed as (select where $2::uuid is null or exists (select from person)),
    kept as (
      insert into mail_tokens (tenant_id, id, token_hash, purpose, user_id, email_key, person_sealed, password_hash, expire_time)
      select $1::text, $3::uuid, $7::bytea, $8::text, $2::uuid, $4::bytea, $9::bytea, $10::text,
        now() + $6::bigint * interval '1 millisecond' from allowed where $7::bytea is not null
    )
    insert into mail_outbox (tenant_id, id, user_id, email_key, mail_sealed, expire_time)
    select $1::text, $3::uuid, $2::uuid, $4::bytea, $5::bytea, now() + $6::bigint * interval '1 millisecond' from allowed`,
};

// Claimed for a while: when the process is killed, the mail becomes due again. A mail that is due later than
// the longest wait was put off before the clock went back, and is due.
const CLAIM = {
  name: 'mail_take',
  text: `update mail_outbox m set attempts = m.attempts + 1,
      next_attempt_time = now() + least($2::float8 * power(2, least(m.attempts, 20)), $3::float8) * interval '1 millisecond'
    from (
      select tenant_id, id from mail_outbox where (next_attempt_time <= now() or next_attempt_time > now() + ($3::float8 + 1000) * interval '1 millisecond')
        and expire_time > now()
      order by next_attempt_time limit $1 for update skip locked
    ) due
    where m.tenant_id = due.tenant_id and m.id = due.id
    returning m.tenant_id, m.id, m.mail_sealed, m.attempts`,
};

const SENT = { name: 'mail_sent', text: 'delete from mail_outbox where tenant_id = $1 and id = $2' };

const NO_NAME = { firstName: '', lastName: '' };

/** Stores a mail and its token under one id, in one statement. */
export async function queueMail(run: RunPrepared, seal: SignInSeal, order: MailOrder): Promise<void> {
  const { tenantId, userId, mail, token } = order;
  const id = randomUUID();
  const registration = token?.registration;
  await run(QUEUE, [
    tenantId,
    userId ?? null,
    id,
    seal.emailIndex(tenantId, mail.to),
    seal.sealMail(mail, { tenantId, id }),
    token?.lifetimeMs ?? PLAIN_MAIL_MS,
    token?.hash ?? null,
    token?.purpose ?? null,
    token
      ? seal.sealRegistration(registration?.person ?? { ...NO_NAME, email: mail.to }, { tenantId, id })
      : null,
    registration?.passwordHash ?? null,
  ]);
}

/** Creates the outbox of the database. */
export function createPostgresOutbox(pool: Pool, seal: SignInSeal): MailOutbox {
  return {
    async claim(limit, { firstWaitMs, maxWaitMs }) {
      type Row = { tenant_id: string; id: string; mail_sealed: Buffer; attempts: number };
      const rows = await runPrepared<Row>(pool, CLAIM, [limit, firstWaitMs, maxWaitMs]);
      return rows.map(({ tenant_id: tenantId, id, mail_sealed, attempts }): QueuedMail => {
        const at = { tenantId, id };
        return { ...at, attempts, open: () => seal.openMail(mail_sealed, at) };
      });
    },
    async markSent({ tenantId, id }) {
      await runPrepared(pool, SENT, [tenantId, id]);
    },
  };
}
