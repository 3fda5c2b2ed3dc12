import type { Keyring } from '@rollcall/runtime/sealing';
import { emailKey } from '../../users/user.ts';
import type { Mail } from '../mail/mail.ts';
import type { Registration } from '../sign-in-store.ts';
import type { ThrottleKey } from '../throttle.ts';

/** A row of one of the tables. */
export interface SealedRow {
  readonly tenantId: string;
  readonly id: string;
}

/** How what people give is kept: addresses as blind indexes, mails and registrations sealed. */
export interface SignInSeal {
  /** What an address is kept as in `email_key`. */
  emailIndex(tenantId: string, email: string): Buffer;
  /** What it may have been kept as, under every index key. */
  emailIndexes(tenantId: string, email: string): Buffer[];
  throttleIndex(key: ThrottleKey): Buffer;
  sealMail(mail: Mail, at: SealedRow): Buffer;
  /** Throws SealingError. */
  openMail(sealed: Uint8Array, at: SealedRow): Mail;
  sealRegistration(person: Registration, at: SealedRow): Buffer;
  /** Throws SealingError. */
  openRegistration(sealed: Uint8Array, at: SealedRow): Registration;
  /** `id`: the user's. */
  sealVerified(email: string, at: SealedRow): Buffer;
  /** Throws SealingError. */
  openVerified(sealed: Uint8Array, at: SealedRow): string;
}

/** With the keys of a keyring. */
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
    sealRegistration: (person, at) => keyring.seal(JSON.stringify(person), PERSON(at)),
    openRegistration: (sealed, at) => JSON.parse(keyring.open(sealed, PERSON(at))) as Registration,
    sealVerified: (email, at) => keyring.seal(email, VERIFIED(at)),
    openVerified: (sealed, at) => keyring.open(sealed, VERIFIED(at)),
  };
}

const MAIL = placeIn('mail_outbox', 'mail_sealed');
const PERSON = placeIn('mail_tokens', 'person_sealed');
const VERIFIED = placeIn('verified_emails', 'email_sealed');

function placeIn(table: string, column: string) {
  return ({ tenantId, id }: SealedRow) => ({ tenantId, table, column, rowId: id });
}
