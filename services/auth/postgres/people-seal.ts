import type { Keyring } from '@rollcall/runtime/sealing';
import type { Mail } from '../people/mail.ts';
import type { Registration } from '../people/people-store.ts';
import type { ThrottleKey } from '../people/throttle.ts';
import { emailKey } from '../users/user.ts';

/** How what people give is kept: addresses as blind indexes, mails and registrations sealed. */
export interface PeopleSeal {
  /** What an address is kept as in `email_key`. */
  emailIndex(tenantId: string, email: string): Buffer;
  /** What it may have been kept as, under every index key. */
  emailIndexes(tenantId: string, email: string): Buffer[];
  throttleIndex(key: ThrottleKey): Buffer;
  sealMail(mail: Mail, at: { tenantId: string; id: string }): Buffer;
  /** Throws SealingError. */
  openMail(sealed: Uint8Array, at: { tenantId: string; id: string }): Mail;
  sealPerson(person: Registration, at: { tenantId: string; hash: Buffer }): Buffer;
  /** Throws SealingError. */
  openPerson(sealed: Uint8Array, at: { tenantId: string; hash: Buffer }): Registration;
}

/** With the keys of a keyring. */
export function createPeopleSeal(keyring: Keyring): PeopleSeal {
  // One place for all tables, so that an address can be compared across them.
  const place = (tenantId: string) => ({ tenantId, table: 'people', column: 'email_key' });
  const normal = (email: string) => emailKey(email) ?? email.trim();
  return {
    emailIndex: (tenantId, email) => keyring.blindIndex(normal(email), place(tenantId)),
    emailIndexes: (tenantId, email) => keyring.blindIndexes(normal(email), place(tenantId)),
    throttleIndex: ({ tenantId, kind, key }) =>
      keyring.blindIndex(key, { tenantId, table: 'throttles', column: kind }),
    sealMail: (mail, { tenantId, id }) => keyring.seal(JSON.stringify(mail), mailPlace(tenantId, id)),
    openMail: (sealed, { tenantId, id }) => JSON.parse(keyring.open(sealed, mailPlace(tenantId, id))) as Mail,
    sealPerson: (person, { tenantId, hash }) =>
      keyring.seal(JSON.stringify(person), personPlace(tenantId, hash)),
    openPerson: (sealed, { tenantId, hash }) =>
      JSON.parse(keyring.open(sealed, personPlace(tenantId, hash))) as Registration,
  };
}

function mailPlace(tenantId: string, id: string) {
  return { tenantId, table: 'mail_outbox', column: 'mail_sealed', rowId: id };
}

function personPlace(tenantId: string, hash: Buffer) {
  return { tenantId, table: 'mail_tokens', column: 'person_sealed', rowId: hash.toString('hex') };
}
