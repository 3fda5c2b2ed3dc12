import type { AuditEntry } from '@rollcall/runtime/callers';

/** Counts refusals, and joins those that are alike. */
interface RefusalTally {
  add(entry: AuditEntry): void;
  /** Takes the lines so far, at most `maxLines`, and begins anew. */
  take(): AuditEntry[];
}

/**
 * Creates a tally. Refusals are alike when they have the same caller (or address, when the caller is
 * unknown), method and reason. Kinds beyond `maxLines` share a last line, so that a flood makes few lines.
 */
export function createRefusalTally(maxLines: number): RefusalTally {
  let lines = new Map<string, AuditEntry>();
  const count = (key: string, entry: AuditEntry) => {
    const before = lines.get(key);
    // The line has the first refusal whole.
    lines.set(key, before ? { ...before, count: before.count + entry.count } : entry);
  };
  return {
    add(entry) {
      const key = JSON.stringify([entry.caller || hostOf(entry.peer), entry.method, entry.outcome]);
      if (lines.has(key) || lines.size < maxLines - 1) count(key, entry);
      else
        count(OTHERS, {
          ...entry,
          caller: '',
          peer: '',
          method: '',
          tenants: [],
          ids: [],
          idCount: 0,
          outcome: OTHERS,
        });
    },
    take() {
      const taken = [...lines.values()];
      lines = new Map();
      return taken;
    },
  };
}

const OTHERS = 'OTHER_REFUSALS';

function hostOf(peer: string): string {
  return peer.slice(0, peer.lastIndexOf(':'));
}
