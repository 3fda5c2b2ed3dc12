import { type Pool, type RunPrepared, transactPrepared } from '@rollcall/runtime/postgres';

/** Whoever was to be locked was merged away, or came back, while this waited: it must let go of all it holds, and begin anew. */
export class MergedMeanwhileError extends Error {
  override readonly name = 'MergedMeanwhileError';
}

// Each round means that somebody else's merge was committed.
const MAX_ROUNDS = 50;

const restarted = new WeakSet<RunPrepared>();

/**
 * A transaction that locks users. Postgres keeps a lock that it waited for, even where the row is no longer what was asked for;
 * so whoever is overtaken by a merge begins anew, rather than hold one user and wait for another out of turn.
 */
export async function transactUsers<T>(pool: Pool, work: (run: RunPrepared) => Promise<T>): Promise<T> {
  for (let round = 1; ; round += 1) {
    try {
      return await transactPrepared(pool, (run) => {
        if (round > 1) restarted.add(run);
        return work(run);
      });
    } catch (error) {
      if (!(error instanceof MergedMeanwhileError) || round === MAX_ROUNDS) throw error;
    }
  }
}

/** Whether this transaction began anew: then somebody was merged, and who answers is to be read first. */
export function isRestarted(run: RunPrepared): boolean {
  return restarted.has(run);
}
