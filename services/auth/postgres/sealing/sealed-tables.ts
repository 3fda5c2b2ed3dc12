import type { Keyring } from '@rollcall/runtime/sealing';
import { signInSealedTables } from '../../sign-in/postgres/sign-in-seal.ts';
import { resealImage } from '../merges/undo-log.ts';
import type { ContactColumns, ContactSeal } from '../rows/contact-seal.ts';
import type { SealedTable } from '../rows/sealed-table.ts';

/**
 * Every table with sealed values. The log says that old keys can be removed once none of these tables needs
 * them.
 */
export function sealedTables(seal: ContactSeal): SealedTable[] {
  return [sealedContact(seal), ...signInSealedTables(seal.keyring), sealedMerges(seal.keyring)];
}

/** Columns of type bytea that a rotation of keys does not touch, and why. */
export const UNAFFECTED_COLUMNS: Readonly<Record<string, string>> = {
  'write_requests.fingerprint': 'a digest',
  'refresh_tokens.token_hash': 'a digest',
  'mail_tokens.token_hash': 'a digest',
  'audit_head.hash': 'a digest',
  'audit_central.head': 'a digest',
  'audit_central.hash': 'a digest',
  'audit_central_head.hash': 'a digest',
  'audit_chains.hash': 'a digest',
  'audit_batches.hash': 'a digest',
  'audit_batches.lines': 'ids, names of callers and of methods',
  'audit_log.hash': 'a digest',
  'signing_keys.public_key': 'public',
  'throttles.key': 'removed within a day; under another key a throttle starts again',
};

type Row = ContactColumns & { readonly tenant_id: string; readonly id: string };

/** The sealed columns of table `users`. */
export function sealedContact(seal: ContactSeal): SealedTable {
  return {
    table: 'users',
    key: [
      { column: 'tenant_id', type: 'text' },
      { column: 'id', type: 'uuid' },
    ],
    columns: ['email_sealed', 'email_key', 'email_base_key', 'phone_sealed', 'phone_key'],
    where: 'email_sealed is not null or phone_sealed is not null',
    withCurrentKeys(row) {
      const { tenant_id: tenantId, id, ...columns } = row as unknown as Row;
      const owner = { tenantId, id };
      const { email, phone } = seal.open(columns, owner);
      const fresh = { ...seal.sealEmail(email, owner), ...seal.sealPhone(phone, owner) };
      const isCurrent = [columns.email_sealed, columns.phone_sealed].every(
        (sealed) => sealed === null || seal.keyring.isCurrent(sealed),
      );
      const isFound = (['email_key', 'email_base_key', 'phone_key'] as const).every((column) =>
        isSame(fresh[column], columns[column]),
      );
      return isCurrent && isFound ? undefined : fresh;
    },
  };
}

function isSame(one: Buffer | null, other: Buffer | null): boolean {
  return one === null || other === null ? one === other : one.equals(other);
}

const COLUMNS = ['survivor_before', 'loser_before'] as const;

/** The sealed columns of table `user_merges`. */
function sealedMerges(keyring: Keyring): SealedTable {
  return {
    table: 'user_merges',
    key: [
      { column: 'tenant_id', type: 'text' },
      { column: 'merge_id', type: 'uuid' },
    ],
    columns: COLUMNS,
    where: 'survivor_before is not null or loser_before is not null',
    withCurrentKeys(row) {
      const place = { tenantId: row.tenant_id as string, mergeId: row.merge_id as string };
      const images = COLUMNS.map((column) => [column, row[column] as Buffer | null] as const);
      if (images.every(([, image]) => image === null || keyring.isCurrent(image))) return undefined;
      return Object.fromEntries(
        images.map(([column, image]) => [column, image && resealImage(keyring, image, { ...place, column })]),
      );
    },
  };
}
