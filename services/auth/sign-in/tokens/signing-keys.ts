import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  randomUUID,
} from 'node:crypto';

/** The public half of a key. */
export interface PublicSigningKey {
  /** `kid` in tokens. */
  readonly id: string;
  /** Ed25519, 32 bytes. */
  readonly publicKey: Buffer;
  /** Signs from then on. Published before, so that verifiers have it in time. */
  readonly activateTime: Date;
}

/** A key in its stored form. The private half is PKCS #8 in base64. */
export interface StoredSigningKey extends PublicSigningKey {
  readonly privateKey: string;
}

/** The lifetime of a signing key. */
export interface KeySchedule {
  /** How long a key signs. Milliseconds. */
  readonly signingMs: number;
  /** How long before that it is published. Milliseconds. */
  readonly publishAheadMs: number;
  /** How long after that it is published: the life of a token, and a margin for clocks. Milliseconds. */
  readonly publishBehindMs: number;
}

export interface SigningKeyStore {
  /** Lists all keys, oldest first. */
  list(): Promise<readonly StoredSigningKey[]>;
  /**
   * Adds and removes what `plan` answers for the stored keys, in one transaction. Concurrent calls take
   * turns.
   */
  change(
    plan: (keys: readonly PublicSigningKey[]) => {
      add: readonly StoredSigningKey[];
      removeIds: readonly string[];
    },
  ): Promise<void>;
}

/** Makes a key pair. */
export function makeSigningKey(activateTime: Date): StoredSigningKey {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const { x = '' } = publicKey.export({ format: 'jwk' });
  return {
    id: randomUUID(),
    publicKey: Buffer.from(x, 'base64url'),
    activateTime,
    privateKey: privateKey.export({ format: 'der', type: 'pkcs8' }).toString('base64'),
  };
}

/**
 * Plans which keys to add and to remove at a moment, so that one key always signs and the next one is
 * published in time. A key whose time is more than one rotation away was made before the clock went back: it
 * delays no rotation, and is removed when another one signs.
 */
export function planKeys(
  keys: readonly PublicSigningKey[],
  now: Date,
  schedule: KeySchedule,
): { add: StoredSigningKey[]; removeIds: string[] } {
  const isMisdated = ({ activateTime }: PublicSigningKey) =>
    Number(activateTime) > Number(now) + schedule.signingMs;
  const sorted = keys
    .filter((key) => !isMisdated(key))
    .sort((a, b) => Number(a.activateTime) - Number(b.activateTime));
  const newest = sorted.at(-1);
  if (!newest) return { add: [makeSigningKey(now)], removeIds: [] };
  const isDue = Number(newest.activateTime) + schedule.signingMs - schedule.publishAheadMs <= Number(now);
  const add = isDue ? [makeSigningKey(new Date(Number(now) + schedule.publishAheadMs))] : [];
  // A key stops signing when the next one starts.
  const isGone = (_: PublicSigningKey, i: number) => {
    const next = sorted[i + 1];
    return next !== undefined && Number(next.activateTime) + schedule.publishBehindMs < Number(now);
  };
  const gone = [...sorted.filter(isGone), ...keys.filter(isMisdated)];
  return { add, removeIds: gone.map(({ id }) => id) };
}

/**
 * Finds the key that signs at a moment: the newest active one. When the clock has gone back behind all keys,
 * the newest of all. Undefined: there is no key.
 */
export function signingKeyAt<K extends PublicSigningKey>(keys: readonly K[], now: Date): K | undefined {
  const active = keys.filter(({ activateTime }) => activateTime <= now);
  return (active.length > 0 ? active : keys).reduce<K | undefined>(
    (best, key) => (best && best.activateTime > key.activateTime ? best : key),
    undefined,
  );
}

/** The private half, for signing. */
export function toPrivateKey({ privateKey }: StoredSigningKey): KeyObject {
  return createPrivateKey({ key: Buffer.from(privateKey, 'base64'), format: 'der', type: 'pkcs8' });
}

/** The public half, for verifying. */
export function toPublicKey({ publicKey }: PublicSigningKey): KeyObject {
  return createPublicKey({
    key: { kty: 'OKP', crv: 'Ed25519', x: publicKey.toString('base64url') },
    format: 'jwk',
  });
}

/** The JWK set of public keys: RFC 7517, RFC 8037. */
export function toJwks(keys: readonly PublicSigningKey[]) {
  return {
    keys: keys.map(({ id, publicKey }) => ({
      kty: 'OKP',
      crv: 'Ed25519',
      alg: 'EdDSA',
      use: 'sig',
      kid: id,
      x: publicKey.toString('base64url'),
    })),
  };
}
