import {
  createCipheriv,
  createDecipheriv,
  createSecretKey,
  type KeyObject,
  randomFillSync,
} from 'node:crypto';
import type { NamedKey } from './key-list.ts';

/** Where a sealed value stands. It opens in no other place. */
export interface SealedPlace {
  readonly tenantId: string;
  readonly table: string;
  readonly column: string;
  readonly rowId: string;
}

const ALGORITHM = 'aes-256-gcm';
const VERSION = 1;
// NIST SP 800-38D: 96 bits, and the whole tag.
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const HEAD_BYTES = 2;

/**
 * Seals and opens with AES-256-GCM. A sealed value is: version byte, length of the key's id, the key's id, nonce,
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

/** The id of the key that sealed a value. Throws SealingError MALFORMED. */
export function keyIdOf(sealed: Uint8Array): string {
  const [version, length = 0] = sealed;
  if (version !== VERSION || sealed.length < HEAD_BYTES + length + NONCE_BYTES + TAG_BYTES) {
    throw new SealingError('MALFORMED', 'This is no sealed value.');
  }
  return Buffer.from(sealed.subarray(HEAD_BYTES, HEAD_BYTES + length)).toString('latin1');
}

// Each call for randomness is a system call that takes as long as the sealing itself, however little is asked for.
const pool = Buffer.alloc(256 * NONCE_BYTES);
let usedBytes = pool.length;

/** Bytes that were never handed out before, and never will be again; to be used before the next are asked for. */
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

// As a JSON array no two places have the same text, whatever stands in their names.
function associated({ tenantId, table, column, rowId }: SealedPlace, keyId: string): Buffer {
  return Buffer.from(JSON.stringify([tenantId, table, column, rowId, keyId]));
}

/** Why a sealed value cannot be read. */
export type SealingReason = 'KEY_UNKNOWN' | 'TAMPERED' | 'MALFORMED';

/** A sealed value that cannot be opened. Holds neither the value nor a key. */
export class SealingError extends Error {
  override readonly name = 'SealingError';
  readonly reason: SealingReason;
  /** The id of the key that sealed it; empty where the value does not say. */
  readonly keyId: string;

  constructor(reason: SealingReason, message: string, keyId = '', options: ErrorOptions = {}) {
    super(message, options);
    this.reason = reason;
    this.keyId = keyId;
  }
}
