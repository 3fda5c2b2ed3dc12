import { randomBytes } from 'node:crypto';
import type { Setting } from '../config/config.ts';
import { Secret } from '../config/secret.ts';

/** Length of a key: what AES-256 takes; HMAC-SHA256 gains nothing from more. */
const KEY_BYTES = 32;

/** A key and its id, which sealed values store. */
export interface NamedKey {
  readonly id: string;
  readonly bytes: Buffer;
}

/** Makes a new key in the form of the setting: `id:base64`. */
export function makeKey(id: string): string {
  return `${id}:${randomBytes(KEY_BYTES).toString('base64')}`;
}

/** A list of keys, `id:base64,…`. The first one seals. Kept secret. */
export function keysSetting(about: Omit<Setting<unknown>, 'parse'>): Setting<Secret> {
  const parse = (text: string) => {
    parseKeys(text);
    return new Secret(text);
  };
  return { ...about, parse };
}

/**
 * Parses a list of keys, in its order.
 * @throws Error whose message ends the sentence "VARIABLE must be …"
 */
export function parseKeys(text: string): NamedKey[] {
  const keys = text.split(',').map((each) => parseKey(each.trim()));
  if (new Set(keys.map(({ id }) => id)).size < keys.length) throw new Error('of keys whose ids differ');
  if (new Set(keys.map(({ bytes }) => bytes.toString('hex'))).size < keys.length) {
    throw new Error('of keys that differ, not one key under two ids');
  }
  return keys;
}

// The text is never repeated in a message.
function parseKey(text: string): NamedKey {
  const [, id, encoded] = /^([A-Za-z0-9._-]{1,32}):([A-Za-z0-9+/]+={0,2})$/.exec(text) ?? [];
  const bytes = Buffer.from(encoded ?? '', 'base64');
  if (id !== undefined && bytes.length === KEY_BYTES) return { id, bytes };
  throw new Error(
    `of the form id:base64[,id:base64 ...], each key ${KEY_BYTES} bytes; echo "k1:$(openssl rand -base64 ${KEY_BYTES})" makes one`,
  );
}
