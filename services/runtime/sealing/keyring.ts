import { createHmac, createSecretKey, type KeyObject } from 'node:crypto';
import type { Secret } from '../config/secret.ts';
import { createCipher, keyIdOf, type SealedPlace } from './cipher.ts';
import { parseKeys } from './key-list.ts';

/** Place of a blind index. A text has different indexes in different places. */
export type IndexedPlace = Pick<SealedPlace, 'tenantId' | 'table' | 'column'>;

/**
 * Seals texts, opens them, and computes their blind indexes. The first key of a list seals and indexes; all
 * keys open and find.
 */
export interface Keyring {
  /** The id of the first encryption key. */
  readonly sealingKeyId: string;
  /** The id of the first index key. */
  readonly indexKeyId: string;
  /** Whether there are several keys of either kind, so that values of an older one may exist. */
  readonly isRotating: boolean;
  /** Whether there are several index keys, so that two different blind indexes may belong to one text. */
  readonly hasOldIndexKeys: boolean;
  /** Seals a text for this place. */
  seal(text: string, place: SealedPlace): Buffer;
  /**
   * Opens a sealed value.
   * @throws SealingError KEY_UNKNOWN, TAMPERED, MALFORMED
   */
  open(sealed: Uint8Array, place: SealedPlace): string;
  /**
   * Whether the first key sealed the value.
   * @throws SealingError MALFORMED
   */
  isCurrent(sealed: Uint8Array): boolean;
  /** The blind index of a text: all 32 bytes of an HMAC-SHA256, under the first index key. */
  blindIndex(text: string, place: IndexedPlace): Buffer;
  /** The blind indexes of a text under every index key, the first key's first. */
  blindIndexes(text: string, place: IndexedPlace): Buffer[];
}

/**
 * Creates a keyring from two lists of keys, each `id:base64,…`.
 * @throws Error when a list is invalid, which settings have ruled out
 */
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
