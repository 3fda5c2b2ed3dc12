import type { Keyring } from '@rollcall/runtime/sealing';
import type { SealedTable } from '../../postgres/rows/sealed-table.ts';
import { emailKey } from '../../users/user.ts';
import type { Mail } from '../mail/mail.ts';
import type { Registration } from '../sign-in-store.ts';
import type { ThrottleKey } from '../throttle.ts';
import { signingKeyPlace } from './signing-keys.ts';

/** The place of a sealed value: a row of one table. */
export interface SealedRow {
  readonly tenantId: string;
  readonly id: string;
}

/**
 * Protects the data of sign-in at rest: addresses become blind indexes, mails and registrations are sealed.
 */
export interface SignInSeal {
  /** The blind index of an address, for column `email_key`. */
  emailIndex(tenantId: string, email: string): Buffer;
  /** The blind indexes of an address under every index key. */
  emailIndexes(tenantId: string, email: string): Buffer[];
  throttleIndex(key: ThrottleKey): Buffer;
  sealMail(mail: Mail, at: SealedRow): Buffer;
  /** @throws SealingError when no key opens it */
  openMail(sealed: Uint8Array, at: SealedRow): Mail;
  sealRegistration(registration: Registration, at: SealedRow): Buffer;
  /** @throws SealingError when no key opens it */
  openRegistration(sealed: Uint8Array, at: SealedRow): Registration;
  /** @param at `id` is that of the user */
  sealVerified(email: string, at: SealedRow): Buffer;
  /** @throws SealingError when no key opens it */
  openVerified(sealed: Uint8Array, at: SealedRow): string;
}

export function createSignInSeal(keyring: Keyring): SignInSeal {
  // One place for all tables, so that an address can be compared across them.
  const place = (tenantId: string) => ({ tenantId, table: 'people', column: 'email_key' });
  const normal = (email: string) => emailKey(email) ?? email.trim();
  return {
    emailIndex: (tenantId, email) => keyring.blindIndex(normal(email), place(tenantId)),
    emailIndexes: (tenantId, email) => keyring.blindIndexes(normal(email), place(tenantId)),
    throttleIndex: ({ tenantId, kind, key }) =>
      keyring.blindIndex(key, { tenantId, table: 'throttles', column: kind }),
    sealMail: (mail, at) => keyring.seal(JSON.stringify(mail), MAIL(at)),
    openMail: (sealed, at) => JSON.parse(keyring.open(sealed, MAIL(at))) as Mail,
    sealRegistration: (registration, at) => keyring.seal(JSON.stringify(registration), REGISTRATION(at)),
    openRegistration: (sealed, at) => JSON.parse(keyring.open(sealed, REGISTRATION(at))) as Registration,
    sealVerified: (email, at) => keyring.seal(email, VERIFIED(at)),
    openVerified: (sealed, at) => keyring.open(sealed, VERIFIED(at)),
  };
}

const MAIL = placeIn('mail_outbox', 'mail_sealed');
const REGISTRATION = placeIn('mail_tokens', 'person_sealed');
const VERIFIED = placeIn('verified_emails', 'email_sealed');

function placeIn(table: string, column: string) {
  return ({ tenantId, id }: SealedRow) => ({ tenantId, table, column, rowId: id });
}

/**
 * The tables of sign-in whose keys change. `throttles` is not among them: its counts are dropped with the
 * key, or after a day.
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
