import { askedToWaitMs } from '../judge.ts';

/** How long the service told this client to wait, and in which words. */
export function createWait() {
  let untilMs = Number.NEGATIVE_INFINITY;
  let told: unknown;
  return {
    isOver: () => performance.now() >= untilMs,
    leftMs: () => Math.max(0, untilMs - performance.now()),
    refuse: (): never => {
      throw told;
    },
    async heed<Result>(call: () => Promise<Result>): Promise<Result> {
      try {
        return await call();
      } catch (error) {
        const delayMs = askedToWaitMs(error);
        if (delayMs !== undefined && performance.now() + delayMs > untilMs) {
          untilMs = performance.now() + delayMs;
          told = error;
        }
        throw error;
      }
    },
  };
}
