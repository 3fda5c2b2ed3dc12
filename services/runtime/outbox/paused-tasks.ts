/** Which tasks are left alone for a while, because those whom they call are away. */
export interface Pauses {
  /** A job could not reach them. Answers how long the task is left alone now, in ms, and whether this is the first to say so. */
  noteAway(task: string): { delayMs: number; isFirst: boolean };
  /** A job reached them: the next outage begins with the shortest pause again. Answers whether they were away. */
  noteReached(task: string): boolean;
  /** How long a task is left alone yet, in ms; 0: it is not. */
  remainingMs(task: string): number;
  /** The tasks that are left alone now. */
  paused(): string[];
}

/** From the first pause to the longest, in ms: an outage of any length is over for the jobs that soon after its end. */
export const PAUSE_MS = { first: 500, longest: 10_000 } as const;

/** Pauses that double while an outage lasts. @param clock monotonic, in ms */
export function createPauses(clock: () => number): Pauses {
  const states = new Map<string, { untilMs: number; lengthMs: number }>();
  const remainingMs = (task: string) => Math.max(0, (states.get(task)?.untilMs ?? 0) - clock());
  return {
    remainingMs,
    noteAway(task) {
      const left = remainingMs(task);
      // Of several jobs that found out at once, the first has said it.
      if (left > 0) return { delayMs: left, isFirst: false };
      const before = states.get(task)?.lengthMs;
      const lengthMs = before ? Math.min(2 * before, PAUSE_MS.longest) : PAUSE_MS.first;
      states.set(task, { untilMs: clock() + lengthMs, lengthMs });
      return { delayMs: lengthMs, isFirst: before === undefined };
    },
    noteReached: (task) => states.delete(task),
    paused: () => [...states.keys()].filter((task) => remainingMs(task) > 0),
  };
}
