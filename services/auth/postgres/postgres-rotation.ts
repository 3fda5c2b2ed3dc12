import { type Pool, type RunPrepared, transactPrepared } from '@rollcall/runtime/postgres';
import type { RotationStep, RotationStore } from '../keys/key-rotation.ts';
import type { ContactColumns, ContactSeal } from './contact-seal.ts';

// Any number will do, as long as every process takes the same.
const LOCK = 5_120_937_441n;

interface Row extends ContactColumns {
  tenant_id: string;
  id: string;
}

interface Progress {
  after_tenant_id: string;
  after_id: string;
  found: string;
  is_finished: boolean;
}

const BEGINNING: Progress = {
  after_tenant_id: '',
  after_id: '00000000-0000-0000-0000-000000000000',
  found: '0',
  is_finished: false,
};

const TAKE_TURN = { name: 'rotation_turn', text: 'select pg_try_advisory_xact_lock($1) as is_ours' };

// What was finished a while ago is looked through again: a process with older settings may have written since.
const PROGRESS = {
  name: 'rotation_progress',
  text: `select after_tenant_id, after_id, found, finish_time > now() - interval '30 seconds' as is_finished
    from key_rotations where sealing_key_id = $1 and index_key_id = $2`,
};

const NEXT = {
  name: 'rotation_next',
  text: `select tenant_id, id, email_sealed, email_key, phone_sealed, phone_key from users
    where (tenant_id, id) > ($1, $2) and (email_sealed is not null or phone_sealed is not null)
    order by tenant_id, id limit $3`,
};

// Skips who is being written just now, and who was written since: neither waits for the other, and the next pass finds them.
const RESEAL = {
  name: 'rotation_reseal',
  text: `with wanted as (
      select * from jsonb_to_recordset($1::jsonb) as w (tenant_id text, id uuid, email_was text, phone_was text,
        email_sealed text, email_key text, phone_sealed text, phone_key text)
    ), held as (
      select u.tenant_id, u.id from users u join wanted w on w.tenant_id = u.tenant_id and w.id = u.id
      for no key update of u skip locked
    )
    update users u set email_sealed = decode(w.email_sealed, 'hex'), email_key = decode(w.email_key, 'hex'),
      phone_sealed = decode(w.phone_sealed, 'hex'), phone_key = decode(w.phone_key, 'hex')
    from wanted w, held h
    where h.tenant_id = w.tenant_id and h.id = w.id and u.tenant_id = w.tenant_id and u.id = w.id
      and u.email_sealed is not distinct from decode(w.email_was, 'hex')
      and u.phone_sealed is not distinct from decode(w.phone_was, 'hex')
    returning u.id`,
};

const SAVE = {
  name: 'rotation_save',
  text: `insert into key_rotations (sealing_key_id, index_key_id, after_tenant_id, after_id, found, finish_time)
    values ($1, $2, $3, $4, $5, case when $6 then now() end)
    on conflict (sealing_key_id, index_key_id) do update set after_tenant_id = excluded.after_tenant_id,
      after_id = excluded.after_id, found = excluded.found, finish_time = excluded.finish_time`,
};

/**
 * Brings contact data to the first keys. A pass goes through all users in order of their key; only a pass that found
 * nothing to do ends the work. Versions stay: nothing changes that anybody could see.
 */
export function createPostgresRotation(pool: Pool, seal: ContactSeal): RotationStore {
  return { step: (batchRows) => transactPrepared(pool, (run) => step(run, { seal, batchRows })) };
}

// Nothing is written before all is computed: the change feed waits for transactions that write.
async function step(
  run: RunPrepared,
  { seal, batchRows }: { seal: ContactSeal; batchRows: number },
): Promise<RotationStep> {
  const { sealingKeyId, indexKeyId } = seal.keyring;
  const [turn] = await run<{ is_ours: boolean }>(TAKE_TURN, [LOCK]);
  if (!turn?.is_ours) return { resealed: 0, state: 'elsewhere' };
  const [known = BEGINNING] = await run<Progress>(PROGRESS, [sealingKeyId, indexKeyId]);
  if (known.is_finished) return { resealed: 0, state: 'finished' };
  const rows = await run<Row>(NEXT, [known.after_tenant_id, known.after_id, batchRows]);
  const old = rows.map((row) => withFirstKeys(row, seal)).filter((row) => row !== undefined);
  const resealed = old.length === 0 ? [] : await run(RESEAL, [JSON.stringify(old)]);
  const found = Number(known.found) + old.length;
  const last = rows.at(-1);
  const isEnd = !last || rows.length < batchRows;
  const next = isEnd
    ? [BEGINNING.after_tenant_id, BEGINNING.after_id, 0, found === 0]
    : [last.tenant_id, last.id, found, false];
  await run(SAVE, [sealingKeyId, indexKeyId, ...next]);
  return { resealed: resealed.length, state: isEnd && found === 0 ? 'finished' : 'working' };
}

/** The row as the first keys would have it, in hexadecimal; undefined: they have. */
function withFirstKeys(row: Row, seal: ContactSeal) {
  const owner = { tenantId: row.tenant_id, id: row.id };
  const { email, phone } = seal.open(row, owner);
  const fresh = { ...seal.sealEmail(email, owner), ...seal.sealPhone(phone, owner) };
  const isCurrent = [row.email_sealed, row.phone_sealed].every(
    (sealed) => sealed === null || seal.keyring.isCurrent(sealed),
  );
  if (isCurrent && isSame(fresh.email_key, row.email_key) && isSame(fresh.phone_key, row.phone_key)) {
    return undefined;
  }
  const hex = Object.entries(fresh).map(([column, value]) => [column, value?.toString('hex') ?? null]);
  return {
    tenant_id: row.tenant_id,
    id: row.id,
    email_was: row.email_sealed?.toString('hex') ?? null,
    phone_was: row.phone_sealed?.toString('hex') ?? null,
    ...Object.fromEntries(hex),
  };
}

function isSame(one: Buffer | null, other: Buffer | null): boolean {
  return one === null || other === null ? one === other : one.equals(other);
}
