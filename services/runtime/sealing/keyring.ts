import { createHmac, createSecretKey, type KeyObject } from 'node:crypto';
import type { Secret } from '../config/secret.ts';
import { createCipher, keyIdOf, type SealedPlace } from './cipher.ts';
import { parseKeys } from './key-list.ts';

/** What a blind index is of: the same text has another one in another place. */
export type IndexedPlace = Pick<SealedPlace, 'tenantId' | 'table' | 'column'>;

/** Seals texts, opens them, and makes what they are found by. The first key of a list seals and indexes; all of them open and find. */
export interface Keyring {
  /** The first encryption key's id. */
  readonly sealingKeyId: string;
  /** The first index key's id. */
  readonly indexKeyId: string;
  /** Whether there are several keys of either kind: values of an older one may be about. */
  readonly isRotating: boolean;
  /** Whether there are several index keys: two blind indexes that differ may be of one text. */
  readonly hasOldIndexKeys: boolean;
  /** The text, readable for this keyring in this place alone. */
  seal(text: string, place: SealedPlace): Buffer;
  /** The text that was sealed. Throws SealingError KEY_UNKNOWN, TAMPERED, MALFORMED. */
  open(sealed: Uint8Array, place: SealedPlace): string;
  /** Whether the first key sealed it. Throws SealingError MALFORMED. */
  isCurrent(sealed: Uint8Array): boolean;
  /** What a text is found by: all 32 bytes of an HMAC-SHA256, under the first index key. */
  blindIndex(text: string, place: IndexedPlace): Buffer;
  /** What it may be found by: the same under every index key, the first one's first. */
  blindIndexes(text: string, place: IndexedPlace): Buffer[];
}

/** A keyring of two lists of keys, each `id:base64,…`. Throws an Error where a list is none; settings have checked that. */
export function createKeyring(lists: { encryptionKeys: Secret; indexKeys: Secret }): Keyring {
  const sealing = parseKeys(lists.encryptionKeys.reveal());
  const indexing = parseKeys(lists.indexKeys.reveal());
  const cipher = createCipher(sealing);
  const hmacKeys = indexing.map(({ bytes }) => createSecretKey(bytes));
  const sealingKeyId = sealing[0]?.id ?? '';
  return {
    sealingKeyId,
    indexKeyId: indexing[0]?.id ?? '',
    isRotating: sealing.length > 1 || indexing.length > 1,
    hasOldIndexKeys: indexing.length > 1,
    seal: cipher.seal,
    open: cipher.open,
    isCurrent: (sealed) => keyIdOf(sealed) === sealingKeyId,
    blindIndex: (text, place) => hmac(hmacKeys[0] as KeyObject, text, place),
    blindIndexes: (text, place) => hmacKeys.map((key) => hmac(key, text, place)),
  };
}

function hmac(key: KeyObject, text: string, { tenantId, table, column }: IndexedPlace): Buffer {
  return createHmac('sha256', key)
    .update(JSON.stringify([tenantId, table, column, text]))
    .digest();
}
