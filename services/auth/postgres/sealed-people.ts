import type { ContactSeal } from './contact-seal.ts';
import { createPeopleSeal, type PeopleSeal } from './people-seal.ts';
import { signingKeyPlace } from './people-signing-keys.ts';
import type { SealedTable } from './sealed-table.ts';

const TENANT = { column: 'tenant_id', type: 'text' } as const;

/** The tables of people's sign-in whose keys change. */
export function sealedPeople(contactSeal: ContactSeal): SealedTable[] {
  const seal = createPeopleSeal(contactSeal.keyring);
  return [
    verifiedEmails(contactSeal, seal),
    mailTokens(contactSeal, seal),
    mailOutbox(contactSeal, seal),
    signingKeys(contactSeal),
  ];
}

/** Of the address that the user has now; what was verified of another one is of no use under any key. */
function verifiedEmails(contactSeal: ContactSeal, seal: PeopleSeal): SealedTable {
  const table = 'verified_emails';
  return {
    table,
    key: [TENANT, { column: 'user_id', type: 'uuid' }],
    columns: ['email_key'],
    others: [ownersEmail(table)],
    where: 'true',
    withFirstKeys: (row) => reindexed(row as unknown as OwnedRow, { contactSeal, seal }),
  };
}

function mailTokens(contactSeal: ContactSeal, seal: PeopleSeal): SealedTable {
  const table = 'mail_tokens';
  const { keyring } = contactSeal;
  return {
    table,
    key: [TENANT, { column: 'token_hash', type: 'bytea' }],
    columns: ['email_key', 'person_sealed'],
    others: ['user_id', ownersEmail(table)],
    where: 'true',
    withFirstKeys(given) {
      const row = given as unknown as OwnedRow & { person_sealed: Buffer | null; token_hash: Buffer };
      if (row.person_sealed === null) return reindexed(row, { contactSeal, seal });
      const at = { tenantId: row.tenant_id, hash: row.token_hash };
      const person = seal.openPerson(row.person_sealed, at);
      const email_key = seal.emailIndex(row.tenant_id, person.email);
      if (keyring.isCurrent(row.person_sealed) && email_key.equals(row.email_key)) return undefined;
      return { email_key, person_sealed: seal.sealPerson(person, at) };
    },
  };
}

function mailOutbox({ keyring }: ContactSeal, seal: PeopleSeal): SealedTable {
  return {
    table: 'mail_outbox',
    key: [TENANT, { column: 'id', type: 'uuid' }],
    columns: ['email_key', 'mail_sealed'],
    where: 'true',
    withFirstKeys(given) {
      const row = given as { tenant_id: string; id: string; email_key: Buffer; mail_sealed: Buffer };
      const at = { tenantId: row.tenant_id, id: row.id };
      const mail = seal.openMail(row.mail_sealed, at);
      const email_key = seal.emailIndex(row.tenant_id, mail.to);
      if (keyring.isCurrent(row.mail_sealed) && email_key.equals(row.email_key)) return undefined;
      return { email_key, mail_sealed: seal.sealMail(mail, at) };
    },
  };
}

function signingKeys({ keyring }: ContactSeal): SealedTable {
  return {
    table: 'signing_keys',
    key: [{ column: 'id', type: 'text' }],
    columns: ['private_key_sealed'],
    where: 'true',
    withFirstKeys(given) {
      const row = given as { id: string; private_key_sealed: Buffer };
      if (keyring.isCurrent(row.private_key_sealed)) return undefined;
      const place = signingKeyPlace(row.id);
      return { private_key_sealed: keyring.seal(keyring.open(row.private_key_sealed, place), place) };
    },
  };
}

interface OwnedRow {
  readonly tenant_id: string;
  readonly user_id: string | null;
  readonly email_key: Buffer;
  readonly owners_email: Buffer | null;
}

function ownersEmail(table: string): string {
  return `(select u.email_sealed from users u where u.tenant_id = ${table}.tenant_id and u.id = ${table}.user_id) as owners_email`;
}

/** The index of the owner's address under the first key, where it was under another one. */
function reindexed(
  { tenant_id: tenantId, user_id: id, email_key, owners_email }: OwnedRow,
  { contactSeal, seal }: { contactSeal: ContactSeal; seal: PeopleSeal },
): { email_key: Buffer } | undefined {
  if (id === null) return undefined;
  const { email } = contactSeal.open({ email_sealed: owners_email, phone_sealed: null }, { tenantId, id });
  const [first, ...older] = seal.emailIndexes(tenantId, email);
  return first && older.some((index) => index.equals(email_key)) ? { email_key: first } : undefined;
}
