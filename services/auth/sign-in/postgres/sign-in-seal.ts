import type { Keyring } from '@rollcall/runtime/sealing';
import { emailKey } from '../../users/user.ts';
import type { Mail } from '../mail/mail.ts';
import type { Registration } from '../sign-in-store.ts';
import type { ThrottleKey } from '../throttle.ts';

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
