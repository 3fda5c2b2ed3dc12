import type { ContactColumns, ContactSeal } from '../rows/contact-seal.ts';
import type { SealedTable } from '../rows/sealed-table.ts';

type Row = ContactColumns & { readonly tenant_id: string; readonly id: string };

/** Table `users` as one whose keys change. */
export function sealedContact(seal: ContactSeal): SealedTable {
  return {
    table: 'users',
    key: [
      { column: 'tenant_id', type: 'text' },
      { column: 'id', type: 'uuid' },
    ],
    columns: ['email_sealed', 'email_key', 'email_base_key', 'phone_sealed', 'phone_key'],
    where: 'email_sealed is not null or phone_sealed is not null',
    withFirstKeys(row) {
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
