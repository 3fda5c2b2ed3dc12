import type { KeyObject } from 'node:crypto';
import {
  type KeySchedule,
  type PublicSigningKey,
  planKeys,
  type SigningKeyStore,
  type StoredSigningKey,
  signingKeyAt,
  toPrivateKey,
  toPublicKey,
} from './signing-keys.ts';

/** The signing keys of this process. The store keeps them equal in all processes. */
export interface SigningKeyRotator extends Disposable {
  /** The key that signs now. */
  signingKey(): { readonly id: string; readonly key: KeyObject };
  /** Finds the key of a token. Reads the store when the key is unknown: another process may have made it. */
  verificationKey(id: string): Promise<KeyObject | undefined>;
  /** The keys that verifiers may use, newest first. */
  publishedKeys(): readonly PublicSigningKey[];
  /** Rotates when that is due, and reads the keys of other processes. */
  refresh(): Promise<void>;
}

interface SigningKeyRotatorOptions {
  readonly schedule: KeySchedule;
  /** Time between two checks whether a rotation is due. Milliseconds. */
  readonly pollMs: number;
  /** Called when a check fails. The known keys stay in use. */
  readonly onError: (error: unknown) => void;
  readonly now?: () => Date;
}

// Shortest time between two lookups of unknown keys: tokens with invented keys cost nothing to make.
const UNKNOWN_KEY_EVERY_MS = 5000;

interface LoadedKey extends PublicSigningKey {
  readonly privateKey: KeyObject;
  readonly verifyingKey: KeyObject;
}

/** Reads the keys, makes the first one when the store is empty, and rotates in the background. */
export async function createSigningKeyRotator(
  store: SigningKeyStore,
  { schedule, pollMs: everyMs, onError, now = () => new Date() }: SigningKeyRotatorOptions,
): Promise<SigningKeyRotator> {
  let keys: readonly LoadedKey[] = [];
  let lookedAt = Number.NEGATIVE_INFINITY;
  const load = async () => {
    const known = new Map(keys.map((key) => [key.id, key]));
    keys = (await store.list()).map((key) => known.get(key.id) ?? toLoaded(key));
  };
  const isDue = () => {
    const { add, removeIds } = planKeys(keys, now(), schedule);
    return add.length > 0 || removeIds.length > 0;
  };
  const refresh = async () => {
    await load();
    if (!isDue()) return;
    await store.change((stored) => planKeys(stored, now(), schedule));
    await load();
  };
  await refresh();
  const timer = setInterval(() => void refresh().catch(onError), everyMs);
  timer.unref();
  const find = (id: string) => keys.find((key) => key.id === id)?.verifyingKey;
  return {
    signingKey() {
      const found = signingKeyAt(keys, now());
      if (!found) throw new Error('There is no key to sign with.');
      return { id: found.id, key: found.privateKey };
    },
    async verificationKey(id) {
      const found = find(id);
      if (found || performance.now() - lookedAt < UNKNOWN_KEY_EVERY_MS) return found;
      lookedAt = performance.now();
      await load();
      return find(id);
    },
    publishedKeys: () => [...keys].reverse(),
    refresh,
    [Symbol.dispose]: () => clearInterval(timer),
  };
}

function toLoaded(key: StoredSigningKey): LoadedKey {
  const { id, publicKey, activateTime } = key;
  return { id, publicKey, activateTime, privateKey: toPrivateKey(key), verifyingKey: toPublicKey(key) };
}
