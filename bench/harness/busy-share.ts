import { performance } from 'node:perf_hooks';

/** How much of its time this process's thread was busy; the rest it waited for others. */
export interface BusyShare {
  /** Does the work, and counts how busy the thread was meanwhile. */
  during<Result>(work: () => Promise<Result>): Promise<Result>;
  /** In percent, of all that was counted. */
  percent(): number;
}

/** Begins to count. */
export function createBusyShare(): BusyShare {
  let activeMs = 0;
  let idleMs = 0;
  return {
    async during(work) {
      const start = performance.eventLoopUtilization();
      const result = await work();
      const { active, idle } = performance.eventLoopUtilization(start);
      activeMs += active;
      idleMs += idle;
      return result;
    },
    percent: () => Math.round((100 * activeMs) / (activeMs + idleMs)),
  };
}
