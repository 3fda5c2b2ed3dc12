import type { Keyring } from '@rollcall/runtime/sealing';
import type { SealedTable } from '../../postgres/rows/sealed-table.ts';
import { createSignInSeal, type SealedRow, type SignInSeal } from './sign-in-seal.ts';
import { signingKeyPlace } from './signing-keys.ts';

/**
 * The tables of sign-in whose keys change. `throttles` is not among them: its counts are dropped with the
 * key, or after a
 * day.
 */
export function signInSealedTables(keyring: Keyring): readonly SealedTable[] {
  const seal = createSignInSeal(keyring);
  return [
    verifiedEmails(keyring, seal),
    mailTokens(keyring, seal),
    mailOutbox(keyring, seal),
    signingKeys(keyring),
  ];
}

const TENANT = { column: 'tenant_id', type: 'text' } as const;
const ID = { column: 'id', type: 'uuid' } as const;

function verifiedEmails(keyring: Keyring, seal: SignInSeal): SealedTable {
  return {
    table: 'verified_emails',
    key: [TENANT, { column: 'user_id', type: 'uuid' }],
    columns: ['email_sealed'],
    where: 'true',
    withCurrentKeys(row) {
      const { email_sealed, user_id } = row as { email_sealed: Buffer; user_id: string };
      if (keyring.isCurrent(email_sealed)) return undefined;
      const at = { tenantId: String(row.tenant_id), id: user_id };
      return { email_sealed: seal.sealVerified(seal.openVerified(email_sealed, at), at) };
    },
  };
}

function mailTokens(keyring: Keyring, seal: SignInSeal): SealedTable {
  return addressed(keyring, seal, {
    table: 'mail_tokens',
    column: 'person_sealed',
    rewrite(sealed, at) {
      const person = seal.openRegistration(sealed, at);
      return { email: person.email, sealAgain: () => seal.sealRegistration(person, at) };
    },
  });
}

function mailOutbox(keyring: Keyring, seal: SignInSeal): SealedTable {
  return addressed(keyring, seal, {
    table: 'mail_outbox',
    column: 'mail_sealed',
    rewrite(sealed, at) {
      const mail = seal.openMail(sealed, at);
      return { email: mail.to, sealAgain: () => seal.sealMail(mail, at) };
    },
  });
}

/** A table with a sealed value of an address, which is found by the blind index of the address. */
interface Addressed {
  readonly table: string;
  readonly column: string;
  rewrite(sealed: Buffer, at: SealedRow): { readonly email: string; sealAgain(): Buffer };
}

function addressed(keyring: Keyring, seal: SignInSeal, { table, column, rewrite }: Addressed): SealedTable {
  return {
    table,
    key: [TENANT, ID],
    columns: [column, 'email_key'],
    where: 'true',
    withCurrentKeys(row) {
      const [sealed, emailKey] = [row[column] as Buffer, row.email_key as Buffer];
      const at = placeOf(row);
      const { email, sealAgain } = rewrite(sealed, at);
      const key = seal.emailIndex(at.tenantId, email);
      if (keyring.isCurrent(sealed) && key.equals(emailKey)) return undefined;
      return { [column]: sealAgain(), email_key: key };
    },
  };
}

function signingKeys(keyring: Keyring): SealedTable {
  return {
    table: 'signing_keys',
    key: [{ column: 'id', type: 'text' }],
    columns: ['private_key_sealed'],
    where: 'true',
    withCurrentKeys(row) {
      const { private_key_sealed, id } = row as { private_key_sealed: Buffer; id: string };
      if (keyring.isCurrent(private_key_sealed)) return undefined;
      const privateKey = keyring.open(private_key_sealed, signingKeyPlace(id));
      return { private_key_sealed: keyring.seal(privateKey, signingKeyPlace(id)) };
    },
  };
}

function placeOf(row: Readonly<Record<string, unknown>>): SealedRow {
  return { tenantId: String(row.tenant_id), id: String(row.id) };
}
