import { sealedPeople } from '../../sign-in/postgres/sign-in-sealed-tables.ts';
import type { ContactSeal } from '../rows/contact-seal.ts';
import type { SealedTable } from '../rows/sealed-table.ts';
import { sealedContact } from './sealed-contact.ts';
import { sealedMerges } from './sealed-merges.ts';

/** Every table that holds something that keys made: the log tells that old keys can go once none of these needs them. */
export function sealedTables(seal: ContactSeal): SealedTable[] {
  return [sealedContact(seal), ...sealedPeople(seal.keyring), sealedMerges(seal.keyring)];
}

/** Columns of bytes that no change of keys needs to reach, and why. */
export const OTHER_BYTES: Readonly<Record<string, string>> = {
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
  'throttles.key': 'forgotten within a day: under another key a throttle begins anew',
};
