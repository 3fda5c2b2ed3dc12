import type { Keyring } from '@rollcall/runtime/sealing';
import { resealImage } from '../merges/merge-images.ts';
import type { SealedTable } from '../rows/sealed-table.ts';

const COLUMNS = ['survivor_before', 'loser_before'] as const;

/** Table `user_merges` as one whose keys change. */
export function sealedMerges(keyring: Keyring): SealedTable {
  return {
    table: 'user_merges',
    key: [
      { column: 'tenant_id', type: 'text' },
      { column: 'merge_id', type: 'uuid' },
    ],
    columns: COLUMNS,
    where: 'survivor_before is not null or loser_before is not null',
    withFirstKeys(row) {
      const place = { tenantId: row.tenant_id as string, mergeId: row.merge_id as string };
      const images = COLUMNS.map((column) => [column, row[column] as Buffer | null] as const);
      if (images.every(([, image]) => image === null || keyring.isCurrent(image))) return undefined;
      return Object.fromEntries(
        images.map(([column, image]) => [column, image && resealImage(keyring, image, { ...place, column })]),
      );
    },
  };
}
