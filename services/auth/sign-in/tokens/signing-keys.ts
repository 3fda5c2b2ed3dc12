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
  /** Signs from then on; known before, so that whoever keeps the keys has it in time. */
  readonly activateTime: Date;
}

/** A key as it is kept: the private half as PKCS #8 in base64. */
export interface StoredSigningKey extends PublicSigningKey {
  readonly privateKey: string;
}

/** How keys follow one another. */
export interface KeySchedule {
  /** How long a key signs. */
  readonly signingMs: number;
  /** How long before that it is shown. */
  readonly publishAheadMs: number;
  /** How long it is still shown after: a token's life, and some for clocks that differ. */
  readonly publishBehindMs: number;
}

/** Keeps keys. */
export interface SigningKeyStore {
  /** All keys, oldest first. */
  list(): Promise<readonly StoredSigningKey[]>;
  /** Adds and removes in one transaction what `plan` says of the keys there are; processes that do so at once take turns. */
  change(
    plan: (keys: readonly PublicSigningKey[]) => {
      add: readonly StoredSigningKey[];
      removeIds: readonly string[];
    },
  ): Promise<void>;
}

/** A new key pair. */
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
 * What is to be added and removed at a moment: there is always a key that signs, and the next one in time. A key that is to
 * sign later than one rotation from now was made by a clock that has gone back since: it holds up no rotation, and is
 * removed once another signs.
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
  // A key signs no more once the next one does.
  const isGone = (_: PublicSigningKey, i: number) => {
    const next = sorted[i + 1];
    return next !== undefined && Number(next.activateTime) + schedule.publishBehindMs < Number(now);
  };
  const gone = [...sorted.filter(isGone), ...keys.filter(isMisdated)];
  return { add, removeIds: gone.map(({ id }) => id) };
}

/**
 * The key that signs at a moment: the newest that is active. None is where the clock has gone back behind all of them: then
 * the newest of all. Undefined: there is no key.
 */
export function signingKeyAt<K extends PublicSigningKey>(keys: readonly K[], now: Date): K | undefined {
  const active = keys.filter(({ activateTime }) => activateTime <= now);
  return (active.length > 0 ? active : keys).reduce<K | undefined>(
    (best, key) => (best && best.activateTime > key.activateTime ? best : key),
    undefined,
  );
}

/** The private half, to sign with. */
export function toPrivateKey({ privateKey }: StoredSigningKey): KeyObject {
  return createPrivateKey({ key: Buffer.from(privateKey, 'base64'), format: 'der', type: 'pkcs8' });
}

/** The public half, to verify with. */
export function toPublicKey({ publicKey }: PublicSigningKey): KeyObject {
  return createPublicKey({
    key: { kty: 'OKP', crv: 'Ed25519', x: publicKey.toString('base64url') },
    format: 'jwk',
  });
}

/** A JWK set of public keys: RFC 7517, RFC 8037. */
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
