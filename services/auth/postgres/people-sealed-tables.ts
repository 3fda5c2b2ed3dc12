import type { Keyring } from '@rollcall/runtime/sealing';
import { createPeopleSeal, type PeopleSeal, type SealedRow } from './people-seal.ts';
import { signingKeyPlace } from './people-signing-keys.ts';
import type { SealedTable } from './sealed-table.ts';

/** The tables of people's sign-in whose keys change. `throttles` is none: its counts are forgotten with the key, or after a day. */
export function sealedPeople(keyring: Keyring): readonly SealedTable[] {
  const seal = createPeopleSeal(keyring);
  return [
    verifiedEmails(keyring, seal),
    mailTokens(keyring, seal),
    mailOutbox(keyring, seal),
    signingKeys(keyring),
  ];
}

const TENANT = { column: 'tenant_id', type: 'text' } as const;
const ID = { column: 'id', type: 'uuid' } as const;

function verifiedEmails(keyring: Keyring, seal: PeopleSeal): SealedTable {
  return {
    table: 'verified_emails',
    key: [TENANT, { column: 'user_id', type: 'uuid' }],
    columns: ['email_sealed'],
    where: 'true',
    withFirstKeys(row) {
      const { email_sealed, user_id } = row as { email_sealed: Buffer; user_id: string };
      if (keyring.isCurrent(email_sealed)) return undefined;
      const at = { tenantId: String(row.tenant_id), id: user_id };
      return { email_sealed: seal.sealVerified(seal.openVerified(email_sealed, at), at) };
    },
  };
}

function mailTokens(keyring: Keyring, seal: PeopleSeal): SealedTable {
  return {
    table: 'mail_tokens',
    key: [TENANT, ID],
    columns: ['person_sealed', 'email_key'],
    where: 'true',
    withFirstKeys(row) {
      const { person_sealed, email_key } = row as { person_sealed: Buffer; email_key: Buffer };
      const at = placeOf(row);
      const person = seal.openPerson(person_sealed, at);
      const key = seal.emailIndex(at.tenantId, person.email);
      if (keyring.isCurrent(person_sealed) && key.equals(email_key)) return undefined;
      return { person_sealed: seal.sealPerson(person, at), email_key: key };
    },
  };
}

function mailOutbox(keyring: Keyring, seal: PeopleSeal): SealedTable {
  return {
    table: 'mail_outbox',
    key: [TENANT, ID],
    columns: ['mail_sealed', 'email_key'],
    where: 'true',
    withFirstKeys(row) {
      const { mail_sealed, email_key } = row as { mail_sealed: Buffer; email_key: Buffer };
      const at = placeOf(row);
      const mail = seal.openMail(mail_sealed, at);
      const key = seal.emailIndex(at.tenantId, mail.to);
      if (keyring.isCurrent(mail_sealed) && key.equals(email_key)) return undefined;
      return { mail_sealed: seal.sealMail(mail, at), email_key: key };
    },
  };
}

function signingKeys(keyring: Keyring): SealedTable {
  return {
    table: 'signing_keys',
    key: [{ column: 'id', type: 'text' }],
    columns: ['private_key_sealed'],
    where: 'true',
    withFirstKeys(row) {
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
