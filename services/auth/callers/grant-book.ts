import { type GrantBook, indexGrants, pollQuietly } from '@rollcall/runtime/callers';
import type { GrantStore } from './postgres-grants.ts';

const POLL_MS = 1000;

/** How the book is kept up to date. */
export interface GrantBookOptions {
  /** Told why a look failed: what was granted before stays in force. */
  readonly onError: (error: unknown) => void;
  /** Time in ms between two looks. Default 1000. */
  readonly pollMs?: number;
}

/**
 * Grants in memory, read again soon after they change. Rejects where they cannot be read at first. Disposing ends the looking.
 */
export async function openGrantBook(
  store: Pick<GrantStore, 'version' | 'list'>,
  { onError, pollMs = POLL_MS }: GrantBookOptions,
): Promise<GrantBook & Disposable> {
  const listeners = new Set<() => void>();
  let version = await store.version();
  let find = indexGrants(await store.list());
  const look = async () => {
    // Taken before the grants: what changes in between is read again.
    const now = await store.version();
    if (now === version) return;
    find = indexGrants(await store.list());
    version = now;
    for (const listener of listeners) listener();
  };
  const stop = pollQuietly(look, { onError, pollMs });
  return {
    find: (caller, asked) => find(caller, asked),
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    [Symbol.dispose]: stop,
  };
}
