import type { AuditEntry } from '@rollcall/runtime/callers';

/** Refusals of a while, like ones counted together. */
interface RefusalTally {
  add(entry: AuditEntry): void;
  /** What has come together, at most `maxLines` of it, which is forgotten here. */
  take(): AuditEntry[];
}

/**
 * Counts refusals that are alike: the same caller, or address where that is not known, method and reason. What is of more kinds than `maxLines` is
 * counted in one last line, so that a flood makes few lines whatever it consists of.
 */
export function createRefusalTally(maxLines: number): RefusalTally {
  let lines = new Map<string, AuditEntry>();
  const count = (key: string, entry: AuditEntry) => {
    const before = lines.get(key);
    // Of many, the first is told whole.
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
