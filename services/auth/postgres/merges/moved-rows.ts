import type { PreparedStatement, RunPrepared } from '@rollcall/runtime/postgres';

/** Rows that belong to a user, and follow it into a merge. */
interface MovedTable {
  /** Written into the database with every row that was moved: it stays as it is. */
  readonly area: string;
  /** A table with `tenant_id` and `user_id`. */
  readonly table: string;
  /** SQL text that names a row within its tenant, whoever it belongs to. */
  readonly rowKey: string;
}

/**
 * What follows the loser of a merge, and goes back when it is taken back; a row that came later stays with the survivor.
 * An area with rows of its own adds a line here. No such area: tags, which are a field; statistics, which services go on
 * telling by the id that they know, and which are added up over the survivor and whoever was merged into it.
 */
const MOVED_TABLES: readonly MovedTable[] = [
  { area: 'external_ids', table: 'user_external_ids', rowKey: `source || ' ' || external_id` },
  { area: 'notes', table: 'user_notes', rowKey: 'id::text' },
  { area: 'activities', table: 'user_activities', rowKey: 'id::text' },
  // Whoever is signed in stays so, as the survivor.
  { area: 'sessions', table: 'sessions', rowKey: 'id::text' },
  { area: 'sign_ins', table: 'sign_ins', rowKey: 'id::text' },
];

interface MoveStatements {
  readonly merge: PreparedStatement;
  readonly unmerge: PreparedStatement;
}

const MOVE_STATEMENTS = MOVED_TABLES.map(moveStatements);

/** Statements of a mover: merging takes tenant, loser, survivor and merge; taking back takes the same. */
export function moveStatements({ area, table, rowKey }: MovedTable): MoveStatements {
  return {
    merge: {
      name: `merge_${area}`,
      text: `with moved as (
          update ${table} set user_id = $3 where tenant_id = $1 and user_id = $2 returning ${rowKey} as row_key
        )
        insert into user_merge_moves (tenant_id, merge_id, area, row_key) select $1, $4, '${area}', row_key from moved`,
    },
    unmerge: {
      name: `unmerge_${area}`,
      text: `with back as (
          delete from user_merge_moves where tenant_id = $1 and merge_id = $4 and area = '${area}' returning row_key
        )
        update ${table} set user_id = $2 where tenant_id = $1 and user_id = $3
          and ${rowKey} in (select row_key from back)`,
    },
  };
}

/** Whose rows, and by which merge. */
export interface RowMove {
  readonly tenantId: string;
  readonly loserId: string;
  readonly survivorId: string;
  readonly mergeId: string;
}

/** Gives the survivor all rows of the loser, or takes back those that a merge gave. */
export async function moveRows(run: RunPrepared, which: keyof MoveStatements, moved: RowMove): Promise<void> {
  const { tenantId, loserId, survivorId, mergeId } = moved;
  for (const each of MOVE_STATEMENTS) await run(each[which], [tenantId, loserId, survivorId, mergeId]);
}
