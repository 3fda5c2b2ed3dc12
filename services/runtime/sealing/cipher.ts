import {
  createCipheriv,
  createDecipheriv,
  createSecretKey,
  type KeyObject,
  randomFillSync,
} from 'node:crypto';
import type { NamedKey } from './key-list.ts';

/** Place of a sealed value in the database. It cannot be opened in any other place. */
export interface SealedPlace {
  readonly tenantId: string;
  readonly table: string;
  readonly column: string;
  readonly rowId: string;
}

const ALGORITHM = 'aes-256-gcm';
const VERSION = 1;
// NIST SP 800-38D: a nonce of 96 bits and the full tag.
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const HEAD_BYTES = 2;

/**
 * Creates a cipher for AES-256-GCM. A sealed value is: version byte, length of the key id, key id, nonce,
 * ciphertext, tag.
 */
export function createCipher(keys: readonly NamedKey[]) {
  const byId = new Map(keys.map(({ id, bytes }) => [id, createSecretKey(bytes)]));
  const [first] = keys;
  if (!first) throw new Error('A keyring without a key.');
  return {
    seal: (text: string, place: SealedPlace) =>
      seal(text, place, { id: first.id, key: byId.get(first.id) as KeyObject }),
    open: (sealed: Uint8Array, place: SealedPlace) => open(sealed, place, byId),
  };
}

/**
 * The id of the key that sealed a value.
 * @throws SealingError MALFORMED
 */
export function keyIdOf(sealed: Uint8Array): string {
  const [version, length = 0] = sealed;
  if (version !== VERSION || sealed.length < HEAD_BYTES + length + NONCE_BYTES + TAG_BYTES) {
    throw new SealingError('MALFORMED', 'This is no sealed value.');
  }
  return Buffer.from(sealed.subarray(HEAD_BYTES, HEAD_BYTES + length)).toString('latin1');
}

// Random bytes are drawn for 256 nonces at once, because a system call takes as long as sealing.
const pool = Buffer.alloc(256 * NONCE_BYTES);
let usedBytes = pool.length;

/** Bytes that are handed out once. Valid until the next call. */
function nextNonce(): Buffer {
  if (usedBytes === pool.length) {
    randomFillSync(pool);
    usedBytes = 0;
  }
  usedBytes += NONCE_BYTES;
  return pool.subarray(usedBytes - NONCE_BYTES, usedBytes);
}

function seal(text: string, place: SealedPlace, { id, key }: { id: string; key: KeyObject }): Buffer {
  const nonce = nextNonce();
  const cipher = createCipheriv(ALGORITHM, key, nonce, { authTagLength: TAG_BYTES });
  cipher.setAAD(associated(place, id));
  const head = Buffer.concat([Buffer.from([VERSION, id.length]), Buffer.from(id, 'latin1'), nonce]);
  return Buffer.concat([head, cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()]);
}

function open(sealed: Uint8Array, place: SealedPlace, keys: ReadonlyMap<string, KeyObject>): string {
  const id = keyIdOf(sealed);
  const key = keys.get(id);
  const { table, column } = place;
  if (!key) {
    const message = `A value of ${table}.${column} is sealed with key "${id}", which this process does not have: add it behind the others.`;
    throw new SealingError('KEY_UNKNOWN', message, id);
  }
  const nonceAt = HEAD_BYTES + id.length;
  const textAt = nonceAt + NONCE_BYTES;
  const tagAt = sealed.length - TAG_BYTES;
  const decipher = createDecipheriv(ALGORITHM, key, sealed.subarray(nonceAt, textAt), {
    authTagLength: TAG_BYTES,
  });
  decipher.setAAD(associated(place, id));
  decipher.setAuthTag(sealed.subarray(tagAt));
  try {
    return decipher.update(sealed.subarray(textAt, tagAt), undefined, 'utf8') + decipher.final('utf8');
  } catch (cause) {
    const message = `A value of ${table}.${column} does not open with key "${id}": it was tampered with, belongs to another place, or the key is another one of that name.`;
    throw new SealingError('TAMPERED', message, id, { cause });
  }
}

// As a JSON array, different places always have different texts.
function associated({ tenantId, table, column, rowId }: SealedPlace, keyId: string): Buffer {
  return Buffer.from(JSON.stringify([tenantId, table, column, rowId, keyId]));
}

/** Reason why a sealed value cannot be opened. */
export type SealingReason = 'KEY_UNKNOWN' | 'TAMPERED' | 'MALFORMED';

/** A sealed value cannot be opened. Holds neither the value nor a key. */
export class SealingError extends Error {
  override readonly name = 'SealingError';
  readonly reason: SealingReason;
  /** The id of the key that sealed the value. Empty when the value does not name it. */
  readonly keyId: string;

  constructor(reason: SealingReason, message: string, keyId = '', options: ErrorOptions = {}) {
    super(message, options);
    this.reason = reason;
    this.keyId = keyId;
  }
}
