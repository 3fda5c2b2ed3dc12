import { type Pool, type RunPrepared, transactPrepared } from '@rollcall/runtime/postgres';
import type { RotationStep, RotationStore } from '../../keys/key-rotation.ts';
import type { SealedTable, SealedTableRow } from '../rows/sealed-table.ts';

// Any number works, as long as every process takes the same one.
const LOCK = 5_120_937_441n;

/** Ids of the current keys. */
interface RotationTarget {
  readonly sealingKeyId: string;
  readonly indexKeyId: string;
}

interface Progress {
  after_key: string[] | null;
  found: string;
  is_finished: boolean;
}

const BEGINNING: Progress = { after_key: null, found: '0', is_finished: false };

const TAKE_TURN = { name: 'rotation_turn', text: 'select pg_try_advisory_xact_lock($1) as is_ours' };

// A rotation that finished a while ago is checked again, because a process with older settings may have
// written since.
const PROGRESS = {
  name: 'rotation_progress',
  text: `select after_key, found, coalesce(finish_time > now() - interval '10 minutes', false) as is_finished
    from key_rotations where table_name = $1 and sealing_key_id = $2 and index_key_id = $3`,
};

const SAVE = {
  name: 'rotation_save',
  text: `insert into key_rotations (table_name, sealing_key_id, index_key_id, after_key, found, finish_time)
    values ($1, $2, $3, $4, $5, case when $6 then now() end)
    on conflict (table_name, sealing_key_id, index_key_id) do update set after_key = excluded.after_key,
      found = excluded.found, finish_time = excluded.finish_time`,
};

/**
 * Rotates one table to the current keys.
 * A pass reads the whole table in the order of its key, and only a pass without findings ends the rotation.
 * The data that callers see do not change, so no version does.
 */
export function createPostgresRotation(
  pool: Pool,
  table: SealedTable,
  target: RotationTarget,
): RotationStore {
  const statements = statementsOf(table);
  return {
    step: (batchRows) => transactPrepared(pool, (run) => step({ run, table, statements, target }, batchRows)),
  };
}

interface Work {
  readonly run: RunPrepared;
  readonly table: SealedTable;
  readonly statements: ReturnType<typeof statementsOf>;
  readonly target: RotationTarget;
}

// All values are computed before the first write, because the change feed waits for transactions that write.
async function step({ run, table, statements, target }: Work, batchRows: number): Promise<RotationStep> {
  const name = [table.table, target.sealingKeyId, target.indexKeyId];
  const [turn] = await run<{ is_ours: boolean }>(TAKE_TURN, [LOCK]);
  if (!turn?.is_ours) return { resealed: 0, state: 'elsewhere' };
  const [known = BEGINNING] = await run<Progress>(PROGRESS, name);
  if (known.is_finished) return { resealed: 0, state: 'finished' };
  const after = known.after_key ?? table.key.map(() => null);
  const rows = await run<Record<string, unknown>>(statements.next, [...after, batchRows]);
  const old = rows.map((row) => toJson(table, row)).filter((row) => row !== undefined);
  const resealed = old.length === 0 ? [] : await run(statements.reseal, [JSON.stringify(old)]);
  const found = Number(known.found) + old.length;
  const last = rows.at(-1);
  const isEnd = !last || rows.length < batchRows;
  const next = isEnd
    ? [null, 0, found === 0]
    : [table.key.map(({ column }) => keyText(last[column])), found, false];
  await run(SAVE, [...name, ...next]);
  return { resealed: resealed.length, state: isEnd && found === 0 ? 'finished' : 'working' };
}

function statementsOf({ table, key, columns, others = [], where }: SealedTable) {
  const names = key.map(({ column }) => column);
  const behind = key.map(({ type }, i) => `$${i + 1}::${type}`).join(', ');
  const sameRow = (one: string, other: string) =>
    names.map((column) => `${one}.${column} = ${other}.${column}`).join(' and ');
  const typed = key.map(({ column, type }) => `${column} ${type}`);
  const texts = columns.flatMap((column) => [`${column} text`, `was_${column} text`]);
  const bytes = (column: string) => `decode(w.${column}, 'hex')`;
  return {
    next: {
      name: `rotation_next_${table}`,
      text: `select ${[...names, ...columns, ...others].join(', ')} from ${table}
        where (${where}) and ($1::text is null or (${names.join(', ')}) > (${behind}))
        order by ${names.join(', ')} limit $${key.length + 1}`,
    },
    // Skips rows that another transaction is writing, and rows that were written since. The next pass finds
    // them.
    reseal: {
      name: `rotation_reseal_${table}`,
      text: `with wanted as (
          select * from jsonb_to_recordset($1::jsonb) as w (${[...typed, ...texts].join(', ')})
        ), held as (
          select ${names.map((column) => `t.${column}`).join(', ')} from ${table} t join wanted w on ${sameRow('t', 'w')}
          for no key update of t skip locked
        )
        update ${table} t set ${columns.map((column) => `${column} = ${bytes(column)}`).join(', ')}
        from wanted w, held h where ${sameRow('h', 'w')} and ${sameRow('t', 'w')}
          and ${columns.map((column) => `t.${column} is not distinct from ${bytes(`was_${column}`)}`).join(' and ')}
        returning 1`,
    },
  };
}

/**
 * The row under the current keys together with its present values, in hexadecimal; undefined when it is
 * current.
 */
function toJson(table: SealedTable, row: SealedTableRow) {
  const fresh = table.withCurrentKeys(row);
  if (fresh === undefined) return undefined;
  const hex = (value: unknown) => (value instanceof Buffer ? value.toString('hex') : null);
  const columns = table.columns.flatMap((column) => [
    [column, hex(column in fresh ? fresh[column] : row[column])],
    [`was_${column}`, hex(row[column])],
  ]);
  return Object.fromEntries([...table.key.map(({ column }) => [column, keyText(row[column])]), ...columns]);
}

/** A part of a primary key as Postgres reads it. */
function keyText(value: unknown): string {
  return value instanceof Buffer ? `\\x${value.toString('hex')}` : String(value);
}
