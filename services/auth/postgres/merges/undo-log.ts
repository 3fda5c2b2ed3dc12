// Everything that a merge stores to be undone: images of both users, and the rows that it moved.
import type { PreparedStatement, RunPrepared } from '@rollcall/runtime/postgres';
import type { Keyring } from '@rollcall/runtime/sealing';
import type { UserRatings } from '../../users/statistics.ts';
import type { User, UserContact } from '../../users/user.ts';

/** The row and column that keep the image of one user. */
interface ImagePlace {
  readonly tenantId: string;
  readonly mergeId: string;
  readonly column: 'survivor_before' | 'loser_before';
}

/**
 * Seals a full user as it was before a merge. The image is sealed as a whole, because names and addresses are
 * contact data.
 */
export function sealImage(keyring: Keyring, user: User, place: ImagePlace): Buffer {
  // Statistics belong to the services that reported them and stay under the id that they were reported for.
  const { averageRating, totalReviews } = user;
  // Earlier code reads ratings from the contact.
  const contact = { ...user.contact, averageRating, totalReviews };
  const kept = { ...user, contact, statistics: undefined, version: String(user.version) };
  return keyring.seal(JSON.stringify(kept), toPlace(place));
}

/**
 * Opens an image.
 * @throws SealingError when the key is unknown or the image was altered or moved.
 */
export function openImage(keyring: Keyring, image: Buffer, place: ImagePlace): User {
  return fromJson(keyring.open(image, toPlace(place)));
}

/** Seals an image again with the current key. */
export function resealImage(keyring: Keyring, image: Buffer, place: ImagePlace): Buffer {
  return keyring.seal(keyring.open(image, toPlace(place)), toPlace(place));
}

type KeptUser = User & { readonly contact: UserContact & UserRatings } & Readonly<
    Record<'version' | 'createTime' | 'updateTime', string>
  >;

function fromJson(text: string): User {
  const kept = JSON.parse(text) as KeptUser;
  const { averageRating, totalReviews, ...contact } = kept.contact;
  return {
    ...kept,
    ...{ averageRating, totalReviews, contact },
    version: BigInt(kept.version),
    createTime: new Date(kept.createTime),
    updateTime: new Date(kept.updateTime),
  };
}

function toPlace({ tenantId, mergeId, column }: ImagePlace) {
  return { tenantId, table: 'user_merges', column, rowId: mergeId };
}

/** A table whose rows belong to a user and follow it into a merge. */
interface MovedTable {
  /** Stored with every moved row, so it must never change. */
  readonly area: string;
  /** The table, with columns `tenant_id` and `user_id`. */
  readonly table: string;
  /** SQL expression that identifies a row within its tenant, independent of its user. */
  readonly rowKey: string;
}

/**
 * The tables whose rows a merge moves to the survivor and an undo moves back.
 * Rows that were added after the merge stay with the survivor. A new table with rows of a user adds a line
 * here. Two things are not moved: tags, because they are a field of the user, and statistics, because
 * services keep reporting them under the id that they know; a survivor shows the sum of its merge group.
 */
const MOVED_TABLES: readonly MovedTable[] = [
  { area: 'external_ids', table: 'user_external_ids', rowKey: `source || ' ' || external_id` },
  { area: 'notes', table: 'user_notes', rowKey: 'id::text' },
  { area: 'activities', table: 'user_activities', rowKey: 'id::text' },
  // A signed-in user stays signed in, as the survivor.
  { area: 'sessions', table: 'sessions', rowKey: 'id::text' },
  { area: 'sign_ins', table: 'sign_ins', rowKey: 'id::text' },
];

interface MoveStatements {
  readonly merge: PreparedStatement;
  readonly unmerge: PreparedStatement;
}

const MOVE_STATEMENTS = MOVED_TABLES.map(moveStatements);

/** The statements for one table. Both take tenant, loser, survivor and merge. */
function moveStatements({ area, table, rowKey }: MovedTable): MoveStatements {
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

/** The users and the merge whose rows are moved. */
interface RowMove {
  readonly tenantId: string;
  readonly loserId: string;
  readonly survivorId: string;
  readonly mergeId: string;
}

/** Moves all rows of the loser to the survivor, or moves back the rows that a merge moved. */
export async function moveRows(run: RunPrepared, which: keyof MoveStatements, moved: RowMove): Promise<void> {
  const { tenantId, loserId, survivorId, mergeId } = moved;
  for (const each of MOVE_STATEMENTS) await run(each[which], [tenantId, loserId, survivorId, mergeId]);
}
