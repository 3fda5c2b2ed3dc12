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

/** The keys of this process, kept in step with all others by the store. */
export interface SigningKeyRotator extends Disposable {
  /** The key that signs now. */
  signingKey(): { readonly id: string; readonly key: KeyObject };
  /** The key of a token, looked up once more where it is not known: another process may have made it. Undefined: there is none. */
  verificationKey(id: string): Promise<KeyObject | undefined>;
  /** Every key that is shown, newest first. */
  publishedKeys(): readonly PublicSigningKey[];
  /** Rotates where that is due, and reads what others made. */
  refresh(): Promise<void>;
}

/** How keys are kept. */
interface SigningKeyRotatorOptions {
  readonly schedule: KeySchedule;
  /** How often to look whether something is due, in ms. */
  readonly pollMs: number;
  /** A look that failed; the keys that are known go on. */
  readonly onError: (error: unknown) => void;
  readonly now?: () => Date;
}

// So often at most is looked for a key that a token names and nobody knows: such tokens cost nothing to make.
const UNKNOWN_KEY_EVERY_MS = 5000;

interface LoadedKey extends PublicSigningKey {
  readonly privateKey: KeyObject;
  readonly verifyingKey: KeyObject;
}

/** Reads the keys, makes the first one where there is none, and goes on in the background. */
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
